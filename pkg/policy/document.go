package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// document is one YAML or JSON document of a file: where each of its fields
// stands, and the faults found in it so far.
type document struct {
	place  string
	text   []byte
	before int             // lines of the file before text
	id     ID              // once its name is known
	marks  map[string]mark // by path; "" is the document
	faults Faults
	known  map[string]bool // paths with a fault; true: nothing below them is left
}

// mark is where a field stands.
type mark struct {
	line, column int
	text         string // of a scalar
	null         bool
}

// split cuts a file, of which lines stand before data, at its document markers.
// One document with a syntax error then does not take the others along, and each
// keeps its place in the file.
func split(data []byte, place string, lines int) []*document {
	var docs []*document
	start, startLine, line := 0, lines, lines
	content, directives := false, false // what was seen since start, besides comments
	cut := func(end int) {
		if content {
			docs = append(docs, &document{
				place: place, text: data[start:end], before: startLine,
				marks: map[string]mark{}, known: map[string]bool{},
			})
		}
		start, startLine, content, directives = end, line, false, false
	}
	for at := 0; at < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		text := bytes.TrimPrefix(data[at:end], []byte("\ufeff"))
		switch {
		case isMarker(text, "---"):
			if content || !directives {
				cut(at)
			}
			directives = false
			// Something may follow on the marker's own line.
			content = meaningful(text[len("---"):])
		case isMarker(text, "..."):
			cut(at)
			start, startLine = end, line+1
		case !content && bytes.HasPrefix(text, []byte("%")):
			directives = true
		default:
			content = content || meaningful(text)
		}
		at = end
	}
	cut(len(data))
	return docs
}

func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

func meaningful(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && line[0] != '#'
}

// parse reads the node tree and marks where each field stands. It reports
// whether the text is YAML at all and holds something.
func (d *document) parse() bool {
	reader := yaml.NewDecoder(bytes.NewReader(d.text))
	var root, more yaml.Node
	err := reader.Decode(&root)
	if errors.Is(err, io.EOF) {
		return false
	}
	if err == nil {
		err = reader.Decode(&more)
	}
	if err == nil {
		err = fmt.Errorf("yaml: line %d: a second document begins: put a line --- before it", more.Line)
	}
	if !errors.Is(err, io.EOF) {
		d.syntax(err)
		return false
	}
	d.index(root.Content[0], root.Content[0], "", position{})
	return !d.marks[""].null
}

// Aliases can make a short text a very large tree, or one without an end. The
// index holds what a policy may reasonably have.
const (
	mostMarks = 100_000
	mostDepth = 20
)

// position is where index is in the tree.
type position struct {
	depth   int
	aliased bool // the text of it is elsewhere
}

// index marks node, whose key is key, and everything below it.
func (d *document) index(key, node *yaml.Node, path string, at position) {
	if at.depth++; len(d.marks) > mostMarks || at.depth > mostDepth {
		return
	}
	shown := key
	if node.Kind == yaml.ScalarNode {
		shown = node
	}
	d.marks[path] = mark{line: d.before + shown.Line, column: shown.Column, text: node.Value, null: node.Tag == "!!null"}
	switch node.Kind {
	case yaml.ScalarNode:
		var f float64
		if node.Tag == "!!float" && node.Decode(&f) == nil && (math.IsInf(f, 0) || math.IsNaN(f)) {
			d.fault(path, "Invalid value: %s: must be a finite number", node.Value)
		}
	case yaml.AliasNode:
		at.aliased = true
		d.index(key, node.Alias, path, at)
	case yaml.SequenceNode:
		for i, item := range node.Content {
			d.index(item, item, element(path, i), at)
		}
	case yaml.MappingNode:
		d.indexMapping(node, path, at)
	}
}

func (d *document) indexMapping(node *yaml.Node, path string, at position) {
	own := map[string]int{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Tag == "!!merge" {
			merged = append(merged, sources(value)...)
			continue
		}
		field := member(path, key.Value)
		if first, ok := own[key.Value]; ok && !at.aliased {
			d.faults = append(d.faults, Fault{
				Place: d.place, Line: d.before + key.Line, Column: key.Column, Path: field,
				Message: fmt.Sprintf("duplicate field, first written in line %d: remove one of them", first),
			})
		}
		own[key.Value] = d.before + key.Line
		d.index(key, value, field, at)
	}
	at.aliased = true
	for _, from := range merged {
		for i := 0; i+1 < len(from.Content); i += 2 {
			key := from.Content[i]
			if _, ok := own[key.Value]; !ok && key.Tag != "!!merge" {
				d.index(key, from.Content[i+1], member(path, key.Value), at)
			}
		}
	}
}

// sources are the mappings that the value of a "<<" key brings in.
func sources(value *yaml.Node) []*yaml.Node {
	value = target(value)
	items := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		items = value.Content
	}
	var mappings []*yaml.Node
	for _, item := range items {
		if item = target(item); item.Kind == yaml.MappingNode {
			mappings = append(mappings, item)
		}
	}
	return mappings
}

// target is what an alias stands for.
func target(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func member(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func element(path string, i int) string {
	return path + "[" + strconv.Itoa(i) + "]"
}
