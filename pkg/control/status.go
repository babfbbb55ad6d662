package control

import (
	"strings"
	"time"

	"hedged.dev/hedged/pkg/policy"
)

// Condition is what became of a document.
type Condition string

// The conditions of a document.
const (
	Accepted   Condition = "Accepted"   // it serves
	Invalid    Condition = "Invalid"    // it is refused for its own faults
	Conflicted Condition = "Conflicted" // it is refused because another policy holds its identity or match
)

// DocumentStatus tells about one policy document. A policy whose document cannot
// be found, because its file cannot be read whole, has one too.
type DocumentStatus struct {
	ID        policy.ID // zero if it cannot be read
	Place     string    // the file
	Line      int       // in the file, from 1
	Version   string    // of what the file is a part of, as source.File says
	Serving   string    // the revision that serves under this identity; "" if none does
	Kept      bool      // that one is the last good one of an earlier run
	Observed  string    // the revision of the document itself; "" if it is not valid
	Condition Condition
	Faults    policy.Faults // why it is refused
	Warnings  policy.Faults
	Since     time.Time // when it got this condition with this revision
}

// Message says in one line why a document is refused and where, and what serves.
func (d DocumentStatus) Message() string {
	return strings.Join(append(texts(d.Faults), d.Serves()), "; ")
}

// Serves says what serves under the document's identity.
func (d DocumentStatus) Serves() string {
	switch {
	case d.Serving == "":
		return "nothing serves"
	case d.Condition == Accepted:
		return "serving revision " + d.Serving
	case d.Kept:
		return "still serving revision " + d.Serving + " (kept from before the start)"
	default:
		return "still serving revision " + d.Serving
	}
}

func texts(faults policy.Faults) []string {
	out := make([]string, 0, len(faults)+1)
	for _, f := range faults {
		out = append(out, f.Error())
	}
	return out
}

// Status tells about every document that the sources have.
type Status struct {
	Documents     []DocumentStatus // in the order of precedence
	LastReload    time.Time        // when the sources last changed; zero before the first snapshots
	ReloadOK      bool             // every document was accepted then
	Reloads       int              // changes of the sources that were judged
	FailedReloads int              // those with a document that was refused
	Publishes     int              // tables published
}

// Count is the number of documents in a condition.
func (s Status) Count(c Condition) int {
	n := 0
	for _, d := range s.Documents {
		if d.Condition == c {
			n++
		}
	}
	return n
}
