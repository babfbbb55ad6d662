package policy

import (
	"strings"

	"github.com/agext/levenshtein"
)

// unknown reports a field that the document does not have, with the one that
// was probably meant.
func (d *document) unknown(path, name string, known []string) {
	at := member(path, name)
	switch near := nearest(name, known); {
	case near != "":
		if meant := member(path, near); !d.has(meant) {
			d.lose(meant) // should it be required, then it is not missing as well
		}
		d.fault(at, "unknown field, did you mean %q?", near)
	case at == "metadata.namespace":
		d.fault(at, "unknown field: a policy's namespace is that of its ConfigMap, or --namespace for a directory; remove it")
	default:
		d.fault(at, "unknown field: known are %s", strings.Join(known, ", "))
	}
}

// longest is the length of a misspelt name beyond which nobody guesses.
const longest = 64

// nearest is the word of the list that name was probably meant to be: the same
// but for case, or at most a third of its letters away; "" if there is none.
func nearest(name string, words []string) string {
	if len(name) > longest { // no field has such a name, and comparing takes its square
		return ""
	}
	best, least := "", max(1, len(name)/3)+1
	for _, word := range words {
		n := levenshtein.Distance(strings.ToLower(name), strings.ToLower(word), nil)
		if n < least {
			best, least = word, n
		}
	}
	return best
}
