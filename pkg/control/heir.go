package control

import (
	"hedged.dev/hedged/pkg/policy"
)

// documents is every document of all files, by what it says about a policy.
type documents struct {
	good    map[policy.ID][]*policy.Policy // in the order of precedence
	bad     map[policy.ID]map[string]bool  // places of refused documents
	unclear map[string]bool                // places that hold a document without a readable identity
}

func collect(files []file) documents {
	ds := documents{
		good:    make(map[policy.ID][]*policy.Policy),
		bad:     make(map[policy.ID]map[string]bool),
		unclear: make(map[string]bool),
	}
	for _, f := range files {
		for _, d := range f.documents {
			switch {
			case d.policy != nil:
				ds.good[d.id] = append(ds.good[d.id], d.policy)
			case d.id == policy.ID{}:
				ds.unclear[f.raw.Place] = true
			default:
				if ds.bad[d.id] == nil {
					ds.bad[d.id] = make(map[string]bool)
				}
				ds.bad[d.id][f.raw.Place] = true
			}
		}
	}
	return ds
}

// heir returns what serves on in the place of p without asking anyone: p's own
// document if it says the same as before, or p itself if its document is broken
// now. It is nil if a changed document wants to replace p, or if p was removed.
//
// A document in the file that p is from speaks for p before one in another file.
func (ds documents) heir(p *policy.Policy) *policy.Policy {
	var home, away []*policy.Policy
	for _, q := range ds.good[p.ID] {
		if q.Place == p.Place {
			home = append(home, q)
		} else {
			away = append(away, q)
		}
	}
	switch {
	case len(home) > 0:
		return sameRevision(home, p)
	case ds.bad[p.ID][p.Place], ds.unclear[p.Place]:
		return p
	case len(away) > 0:
		return sameRevision(away, p)
	case len(ds.bad[p.ID]) > 0:
		return p
	}
	return nil
}

func sameRevision(candidates []*policy.Policy, p *policy.Policy) *policy.Policy {
	for _, q := range candidates {
		if q.Revision == p.Revision {
			return q
		}
	}
	return nil
}
