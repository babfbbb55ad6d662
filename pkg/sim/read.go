package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"hedged.dev/hedged/pkg/policy"
)

// reader reads a YAML document into a struct: no field that the struct does not
// have, no value of another type, and every fault with its place.
type reader struct {
	place  string
	faults []fault
	marks  map[string]*yaml.Node // by path: the key, or the item of a list
}

// parse returns the document's mapping, or nil after a fault.
func (r *reader) parse(data []byte) *yaml.Node {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var root, more yaml.Node
	if err := decoder.Decode(&root); err != nil {
		r.syntax(err)
		return nil
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		r.add(&yaml.Node{Line: max(more.Line, 1), Column: 1}, "", "a second document begins: a file holds one scenario; remove the rest")
		return nil
	}
	top := root.Content[0]
	if top.Kind != yaml.MappingNode {
		r.add(top, "", "Invalid value: must be a mapping with name, rate, calls, policy and upstream")
		return nil
	}
	r.marks[""] = top
	if !r.mark(top, "") {
		return nil
	}
	return top
}

var (
	yamlLine   = regexp.MustCompile(`^yaml: line (\d+): `)
	yamlPrefix = regexp.MustCompile(`^yaml: (line \d+: )?`)
)

func (r *reader) syntax(err error) {
	if errors.Is(err, io.EOF) {
		r.add(&yaml.Node{Line: 1, Column: 1}, "", "the document is empty: it must say name, rate, calls, policy and upstream")
		return
	}
	line, text := 1, yamlPrefix.ReplaceAllString(err.Error(), "")
	if m := yamlLine.FindStringSubmatch(err.Error()); len(m) > 1 {
		line, _ = strconv.Atoi(m[1])
	}
	if strings.HasPrefix(text, "did not find expected ',' or") {
		line++ // the parser counts from 0, unlike the scanner
	}
	r.add(&yaml.Node{Line: max(line, 1), Column: 1}, "", "not valid YAML: %s", text)
}

// mark notes where everything below the node stands. It reports whether nothing in it
// is written in a way that is not read.
func (r *reader) mark(node *yaml.Node, path string) bool {
	switch node.Kind {
	case yaml.AliasNode:
		r.add(node, path, "aliases are not read: write the value out")
		return false
	case yaml.SequenceNode:
		for i, item := range node.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			r.marks[at] = item
			if !r.mark(item, at) {
				return false
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			at := member(path, key.Value)
			if first, ok := r.marks[at]; ok {
				r.add(key, at, "duplicate field, first written in line %d: remove one of them", first.Line)
				return false
			}
			r.marks[at] = key
			if !r.mark(node.Content[i+1], at) {
				return false
			}
		}
	default:
	}
	return true
}

func member(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

func (r *reader) add(at *yaml.Node, path, format string, args ...any) {
	r.faults = append(r.faults, fault{
		Place: r.place, Line: at.Line, Column: at.Column, Path: path, Message: fmt.Sprintf(format, args...),
	})
}

// fault reports what is wrong with a field, at the nearest place above it that exists.
func (r *reader) fault(path, format string, args ...any) {
	at, ok := r.marks[path]
	for above := path; !ok; at, ok = r.marks[above] {
		above = above[:max(0, strings.LastIndexAny(above, ".["))]
	}
	r.add(at, path, format, args...)
}

// has reports whether a field is written.
func (r *reader) has(path string) bool { return r.marks[path] != nil }

// into reads a node into a value.
func (r *reader) into(node *yaml.Node, v reflect.Value, path string) {
	switch {
	case v.Type() == reflect.TypeFor[yaml.Node]():
		v.Set(reflect.ValueOf(*node))
	case node.Tag == "!!null":
	case v.Type() == reflect.TypeFor[time.Duration]():
		d, err := time.ParseDuration(node.Value)
		if node.Kind != yaml.ScalarNode || err != nil {
			r.fault(path, `Invalid value: %s: must be a duration such as "300ms", "1.5s" or "2m"`, shown(node))
			return
		}
		if d < 0 {
			r.fault(path, "Invalid value: %s: must not be negative", shown(node))
			return
		}
		v.SetInt(int64(d))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.into(node, v.Elem(), path)
	case v.Kind() == reflect.Struct:
		r.intoStruct(node, v, path)
	case v.Kind() == reflect.Slice:
		r.intoSlice(node, v, path)
	default:
		r.intoScalar(node, v, path)
	}
}

func (r *reader) intoStruct(node *yaml.Node, v reflect.Value, path string) {
	fields := fieldsOf(v)
	if node.Kind != yaml.MappingNode {
		r.fault(path, "Invalid value: %s: must be a mapping with the fields %s", shown(node), strings.Join(fields.names, ", "))
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, at := node.Content[i].Value, member(path, node.Content[i].Value)
		field, ok := fields.byName[name]
		if !ok {
			r.fault(at, "unknown field: known are %s", strings.Join(fields.names, ", "))
			continue
		}
		r.into(node.Content[i+1], field, at)
	}
}

func (r *reader) intoSlice(node *yaml.Node, v reflect.Value, path string) {
	if node.Kind != yaml.SequenceNode {
		r.fault(path, "Invalid value: %s: must be a list: begin each item with a dash", shown(node))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(node.Content), len(node.Content)))
	for i, item := range node.Content {
		r.into(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

// scalarTable says how a scalar of a kind is written, and the tags that YAML gives
// to what is.
var scalarTable = map[reflect.Kind]struct {
	want string
	tags []string
}{
	reflect.String:  {"a string", []string{"!!str", "!!int", "!!float", "!!bool"}},
	reflect.Bool:    {"true or false, without quotes", []string{"!!bool"}},
	reflect.Int:     {"a whole number, without quotes", []string{"!!int"}},
	reflect.Float64: {"a number, without quotes", []string{"!!int", "!!float"}},
}

func (r *reader) intoScalar(node *yaml.Node, v reflect.Value, path string) {
	form := scalarTable[v.Kind()]
	if node.Kind != yaml.ScalarNode || !slices.Contains(form.tags, node.Tag) || node.Decode(v.Addr().Interface()) != nil {
		r.fault(path, "Invalid value: %s: must be %s", shown(node), form.want)
		return
	}
	if v.Kind() == reflect.Float64 && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)) {
		r.fault(path, "Invalid value: %s: must be a finite number", shown(node))
		v.SetFloat(0)
	}
}

// fields are those of a struct, with those of the structs that are inline in it.
type fields struct {
	names  []string
	byName map[string]reflect.Value
}

func fieldsOf(v reflect.Value) fields {
	f := fields{byName: map[string]reflect.Value{}}
	for i := range v.NumField() {
		name, option, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			inner := fieldsOf(v.Field(i))
			for _, name := range inner.names {
				f.names, f.byName[name] = append(f.names, name), inner.byName[name]
			}
		case name != "" && name != "-":
			f.names, f.byName[name] = append(f.names, name), v.Field(i)
		}
	}
	return f
}

// shown is a node as a message quotes it.
func shown(node *yaml.Node) string {
	const most = 64
	switch {
	case node.Kind == yaml.MappingNode:
		return "a mapping"
	case node.Kind == yaml.SequenceNode:
		return "a list"
	case len(node.Value) > most:
		return strconv.Quote(node.Value[:most]) + " and more"
	default:
		return strconv.Quote(node.Value)
	}
}

type fault = policy.Fault
