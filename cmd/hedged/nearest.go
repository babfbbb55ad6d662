package main

// nearest is the candidate that a misspelt word is closest to, if one is close
// enough to be a guess worth making.
func nearest(word string, candidates []string) (guess string, ok bool) {
	best := max(2, len(word)/2) + 1
	for _, c := range candidates {
		if d := distance(word, c); d < best {
			best, guess = d, c
		}
	}
	return guess, guess != "" && best < len(word)
}

// distance is Levenshtein's: how many bytes have to be inserted, removed or
// replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
