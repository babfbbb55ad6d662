package control

import (
	"cmp"
	"slices"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// file is one file of a snapshot and what was found in it.
type file struct {
	raw       source.File
	documents []document // by line
}

// document is one policy document: either a policy or the faults that refuse it.
type document struct {
	id     policy.ID // zero if it cannot be read
	line   int
	policy *policy.Policy
	faults policy.Faults
}

// parse finds the documents of a file. What is wrong with documents whose
// identity cannot be read counts as one document without identity.
func parse(raw source.File, clusterDomain string) file {
	f := file{raw: raw}
	if raw.Err != nil {
		f.documents = []document{{line: 1, faults: policy.Faults{{
			Place: raw.Place, Line: 1, Column: 1, Message: "the file " + raw.Err.Error(),
		}}}}
		return f
	}
	policies, faults := policy.Parse(raw.Data, policy.Options{
		Place:         raw.Place,
		Namespace:     raw.Namespace,
		ClusterDomain: clusterDomain,
		Created:       raw.Created,
	})
	for _, p := range policies {
		f.documents = append(f.documents, document{id: p.ID, line: p.Line, policy: p})
	}
	refused := make(map[policy.ID]int) // the index of its document
	for _, fault := range faults.Errors() {
		i, ok := refused[fault.Policy]
		if !ok {
			i = len(f.documents)
			refused[fault.Policy] = i
			f.documents = append(f.documents, document{id: fault.Policy, line: fault.Line})
		}
		f.documents[i].faults = append(f.documents[i].faults, fault)
	}
	slices.SortStableFunc(f.documents, func(d, e document) int { return cmp.Compare(d.line, e.line) })
	return f
}

// compare orders files by precedence.
func (f file) compare(g file) int {
	return cmp.Or(f.raw.Created.Compare(g.raw.Created), cmp.Compare(f.raw.Place, g.raw.Place))
}
