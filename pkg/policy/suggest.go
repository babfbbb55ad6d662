package policy

import "strings"

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

// nearest is the word of the list that name was probably meant to be: the same
// but for case, or at most a third of its letters away; "" if there is none.
func nearest(name string, words []string) string {
	best, least := "", max(1, len(name)/3)+1
	for _, word := range words {
		n := distance(strings.ToLower(name), strings.ToLower(word))
		if n < least {
			best, least = word, n
		}
	}
	return best
}

// distance is the number of letters to insert, remove or replace to make b of a.
// Long input is not compared: no field has such a name.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
