package policy

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// ID is a policy's identity.
type ID struct {
	Namespace string
	Name      string
}

func (id ID) String() string { return id.Namespace + "/" + id.Name }

// Fault is one thing that is wrong with a document, or with Warning set, one
// that is legal and probably not meant.
type Fault struct {
	Place   string // where the document is from: a path, or namespace/configmap/key
	Line    int    // in the whole file, from 1
	Column  int    // from 1
	Path    string // of the field, such as spec.fanOut.max; "" is the document
	Message string // what is wrong, what is allowed, and the remedy
	Policy  ID     // the policy that the document describes; zero if it does not say
	Warning bool   // does not refuse the document
}

// Error is the fault as place:line:col: path: message.
func (f Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.Place)
	b.WriteByte(':')
	b.WriteString(strconv.Itoa(f.Line))
	b.WriteByte(':')
	b.WriteString(strconv.Itoa(f.Column))
	b.WriteString(": ")
	if f.Warning {
		b.WriteString("warning: ")
	}
	if f.Path != "" {
		b.WriteString(f.Path)
		b.WriteString(": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

// Faults is what is wrong with some documents, in their order.
type Faults []Fault

// Errors are the faults that refuse a document.
func (fs Faults) Errors() Faults { return fs.where(false) }

// Warnings are the faults that do not refuse a document.
func (fs Faults) Warnings() Faults { return fs.where(true) }

func (fs Faults) where(warning bool) Faults {
	var out Faults
	for _, f := range fs {
		if f.Warning == warning {
			out = append(out, f)
		}
	}
	return out
}

func (fs Faults) sort() {
	slices.SortStableFunc(fs, func(a, b Fault) int {
		return cmp.Or(
			cmp.Compare(a.Place, b.Place),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path),
		)
	})
}
