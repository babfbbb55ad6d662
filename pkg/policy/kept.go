package policy

import (
	"errors"
	"time"
)

// Kept is what is kept of a policy that serves, so that a later run can begin with
// it although its document is broken by then.
type Kept struct {
	ID
	Place    string // the file that the document was in
	Before   int    // lines of the file that stand before Text
	Created  time.Time
	Revision string
	Text     []byte // the document as written
}

// Keep is what is kept of the policy.
func (p *Policy) Keep() Kept {
	return Kept{ID: p.ID, Place: p.Place, Before: p.Before, Created: p.Created, Revision: p.Revision, Text: p.Text}
}

// Read makes the policy again. Another version of hedged may give it another
// revision, or refuse it.
func (k Kept) Read(clusterDomain string) (*Policy, error) {
	policies, faults := Parse(k.Text, Options{
		Place: k.Place, Namespace: k.ID.Namespace, ClusterDomain: clusterDomain, Created: k.Created, Line: k.Before,
	})
	switch {
	case len(faults.Errors()) > 0:
		return nil, faults.Errors()[0]
	case len(policies) != 1 || policies[0].ID != k.ID:
		return nil, errors.New("the text that was kept is not that of the policy")
	}
	return policies[0], nil
}
