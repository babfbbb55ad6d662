package command

import "github.com/agext/levenshtein"

// Nearest is the candidate that a misspelt word is closest to, if one is close
// enough to be a guess worth making.
func Nearest(word string, candidates []string) (guess string, ok bool) {
	best := max(2, len(word)/2) + 1
	for _, c := range candidates {
		if d := levenshtein.Distance(word, c, nil); d < best {
			best, guess = d, c
		}
	}
	return guess, guess != "" && best < len(word)
}
