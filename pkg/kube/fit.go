package kube

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxStatus bounds the annotation: all annotations of an object share 256 KiB.
const maxStatus = 64 << 10

// text is the annotation. When it would be too long, messages are shortened, first
// those of what is good, and at last documents are left out and counted, the good
// ones first.
func (s Status) text() string {
	text := s.encode()
	for _, limit := range []int{2048, 512, 128} {
		if len(text) <= maxStatus {
			return text
		}
		s.Documents = shortened(s.Documents, limit)
		text = s.encode()
	}
	if len(text) <= maxStatus {
		return text
	}
	return s.selected(maxStatus - 128).encode()
}

func (s Status) encode() string {
	if s.Documents == nil {
		s.Documents = []DocumentStatus{}
	}
	data, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("status of strings and numbers: %v", err)) // no value of it cannot be written
	}
	return string(data)
}

// shortened returns the documents with messages of at most so many bytes, and none
// where all is good.
func shortened(documents []DocumentStatus, limit int) []DocumentStatus {
	out := slices.Clone(documents)
	for i := range out {
		good := out[i].good()
		out[i].Conditions = slices.Clone(out[i].Conditions)
		for j := range out[i].Conditions {
			c := &out[i].Conditions[j]
			c.Message = shorten(c.Message, "", limit)
			if good {
				c.Message = ""
			}
		}
	}
	return out
}

// selected returns a status with as many documents as fit in so many bytes.
func (s Status) selected(room int) Status {
	keep := make([]bool, len(s.Documents))
	for _, good := range []bool{false, true} {
		for i, d := range s.Documents {
			if d.good() != good {
				continue
			}
			one, _ := json.Marshal(d)
			if room -= len(one) + 1; room >= 0 {
				keep[i] = true
			}
		}
	}
	out := Status{ObservedHash: s.ObservedHash}
	for i, d := range s.Documents {
		if keep[i] {
			out.Documents = append(out.Documents, d)
		}
	}
	out.Omitted = len(s.Documents) - len(out.Documents)
	return out
}

const ellipsis = "…"

// shorten cuts text to at most limit bytes, together with its end, which is not cut.
func shorten(text, end string, limit int) string {
	if len(text)+len(end) <= limit {
		return text + end
	}
	cut := max(0, limit-len(end)-len(ellipsis))
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis + end
}

// shortenedTo reports whether short is text, or was made of it by shorten.
func shortenedTo(short, text string) bool {
	start, _, cut := strings.Cut(short, ellipsis)
	return short == text || cut && strings.HasPrefix(text, start)
}
