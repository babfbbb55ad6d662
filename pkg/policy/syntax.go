package policy

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var yamlError = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s*)?(?:line (\d+): )?`)

// syntax reports an error of one of the YAML readers.
func (d *document) syntax(err error) {
	line, text := yamlFault(err)
	// The parser counts from 0, unlike the scanner, and leaves 0 out.
	if strings.HasPrefix(text, "did not find expected ',' or") && line > 0 {
		line++
	}
	hint := ""
	switch {
	case strings.HasPrefix(text, "did not find expected key"), strings.HasPrefix(text, "did not find expected '-'"):
		line = d.blame(text, line)
		hint = ": is it indented like the lines before it?"
	case strings.Contains(text, "cannot start any token"):
		hint = ": indent with spaces, not tabs, and quote values that begin with @, ` or %"
	}
	d.faults = append(d.faults, Fault{
		Place: d.place, Line: d.before + min(max(line, 1), 1+bytes.Count(d.text, []byte("\n"))), Column: 1,
		Message: "not valid YAML: " + text + hint,
	})
}

// yamlFault takes an error apart into its line in the document, 0 if it names
// none, and its text.
func yamlFault(err error) (line int, text string) {
	text = err.Error()
	if m := yamlError.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		line, _ = strconv.Atoi(m[1])
	}
	return line, text
}

// blame finds the line that makes a block invalid. The reader names the line in
// which the block begins, which may be far above. So the document is read up to
// each line after that, until the same error is there.
func (d *document) blame(text string, line int) int {
	const most = 500
	end := 0
	for n := 1; n <= line+most; n++ {
		i := bytes.IndexByte(d.text[end:], '\n')
		if i < 0 {
			break
		}
		end += i + 1
		if n < line {
			continue
		}
		var node yaml.Node
		if err := yaml.Unmarshal(d.text[:end], &node); err != nil {
			if _, same := yamlFault(err); same == text {
				return n
			}
		}
	}
	return line
}
