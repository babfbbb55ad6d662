package control

import (
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// Judge says what would become of the documents of files if these were all that
// there is, and nothing had served before: what is wrong with each, and which are
// in conflict with each other. It is what a check of policies says before a Loop
// reads them.
func Judge(files []source.File, clusterDomain string) []DocumentStatus {
	s := newState(Options{ClusterDomain: clusterDomain})
	parsed := s.parse([]source.Snapshot{{Files: files}})
	return decide(nil, parsed).report(parsed)
}

// Findings are all that is wrong with documents, faults and warnings, in the order
// of the statuses.
func Findings(documents []DocumentStatus) policy.Faults {
	var all policy.Faults
	for _, d := range documents {
		all = append(append(all, d.Faults...), d.Warnings...)
	}
	return all
}
