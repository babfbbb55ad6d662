package inspect

import (
	"fmt"
	"slices"
	"strings"

	"hedged.dev/hedged/pkg/command"
)

// Choose finds a policy among those of a place: by namespace/name, or by the name
// alone where only one namespace has it. It returns the policy's index; the place
// is for the error.
func Choose(name string, ids []string, place string) (i int, err error) {
	var names, found []string
	for n, id := range ids {
		_, short, _ := strings.Cut(id, "/")
		if id == name || short == name {
			i, found = n, append(found, id)
		}
		names = append(names, short)
	}
	switch {
	case len(found) == 1:
		return i, nil
	case len(found) > 1:
		return 0, fmt.Errorf("%s has several policies %s; say which: %s", place, name, strings.Join(found, " or "))
	case len(ids) == 0:
		return 0, fmt.Errorf("%s has no policy", place)
	}
	_, short, full := strings.Cut(name, "/")
	if !full {
		short = name
	}
	guess, ok := command.Nearest(short, names)
	if !ok {
		return 0, fmt.Errorf("%s has no policy %s; it has %s", place, name, strings.Join(ids, ", "))
	}
	if full {
		guess = ids[slices.Index(names, guess)]
	}
	return 0, fmt.Errorf("%s has no policy %s; did you mean %s?", place, name, guess)
}
