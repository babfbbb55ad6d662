package control

import (
	"fmt"
	"sync"

	"hedged.dev/hedged/pkg/policy"
)

// report tells about every document after the decision. Since is left to tell.
func (d *decision) report(files []file) []DocumentStatus {
	var statuses []DocumentStatus
	homes := sync.OnceValue(d.homes)
	for _, f := range files {
		for _, doc := range f.documents {
			if (doc.id != policy.ID{}) {
				statuses = append(statuses, d.status(f, doc))
				continue
			}
			// Nobody can tell which policy this was: all that the file is
			// missing serve on, and are told about with its faults.
			missing := f.missing(homes()[f.raw.Place])
			if len(missing) == 0 {
				missing = []document{doc}
			}
			for _, m := range missing {
				statuses = append(statuses, d.status(f, document{id: m.id, line: doc.line, faults: doc.faults}))
			}
		}
	}
	return statuses
}

// status tells about one document.
func (d *decision) status(f file, doc document) DocumentStatus {
	s := DocumentStatus{
		ID:        doc.id,
		Place:     f.raw.Place,
		Line:      doc.line,
		Version:   f.raw.Version,
		Condition: Invalid,
		Faults:    doc.faults,
	}
	if serving := d.serving[doc.id]; serving != nil {
		s.Serving = serving.Revision
	}
	if doc.policy == nil {
		return s
	}
	s.Observed = doc.policy.Revision
	s.Warnings = doc.policy.Warnings
	s.Condition = Accepted
	if conflict, refused := d.refused[doc.policy]; refused {
		s.Condition = Conflicted
		s.Faults = policy.Faults{conflictFault(conflict)}
	}
	return s
}

// homes is what serves, by the file that it is from.
func (d *decision) homes() map[string][]*policy.Policy {
	homes := make(map[string][]*policy.Policy)
	for _, p := range sorted(d.serving) {
		homes[p.Place] = append(homes[p.Place], p)
	}
	return homes
}

// missing returns the policies that are from a file without being in it.
func (f file) missing(from []*policy.Policy) []document {
	mentioned := make(map[policy.ID]bool, len(f.documents))
	for _, doc := range f.documents {
		mentioned[doc.id] = true
	}
	var out []document
	for _, p := range from {
		if !mentioned[p.ID] {
			out = append(out, document{id: p.ID})
		}
	}
	return out
}

// conflictFault says what a document is in conflict with, and what to do.
func conflictFault(c policy.Conflict) policy.Fault {
	holder := fmt.Sprintf("%s:%d", c.Holder.Place, c.Holder.Line)
	f := policy.Fault{Place: c.Policy.Place, Line: c.Policy.Line, Column: 1, Policy: c.Policy.ID}
	if c.Policy.ID == c.Holder.ID {
		f.Path = "metadata.name"
		f.Message = fmt.Sprintf("policy %s is also described in %s, which holds the name: rename one of them, or remove one", c.Policy.ID, holder)
		return f
	}
	f.Path = "spec.match"
	f.Message = fmt.Sprintf("%s is held by policy %s in %s: change the match of one of them, or remove one", c.Key, c.Holder.ID, holder)
	return f
}
