package control

import (
	"cmp"
	"maps"
	"slices"

	"hedged.dev/hedged/pkg/policy"
)

// decision is what serves from now on, and what stands in the way of the good
// documents that do not.
type decision struct {
	before  map[policy.ID]*policy.Policy
	serving map[policy.ID]*policy.Policy
	claims  map[policy.ID]*policy.Policy // the document that may replace what served before
	refused map[*policy.Policy]policy.Conflict
	held    *policy.Claims // by what serves
}

// decide resolves conflicts between documents. What served before keeps its
// identity and its match; a document that is in conflict with it, or with a
// document of higher precedence, is refused as a whole, and then the last good
// revision of its policy serves on. The same documents after the same past give
// the same decision, and no document is refused for the sake of another that is
// refused itself.
func decide(before map[policy.ID]*policy.Policy, files []file) *decision {
	d := &decision{
		before:  before,
		serving: make(map[policy.ID]*policy.Policy),
		claims:  make(map[policy.ID]*policy.Policy),
		refused: make(map[*policy.Policy]policy.Conflict),
		held:    policy.NewClaims(len(before)),
	}
	documents := collect(files)
	for _, p := range before {
		if heir := documents.heir(p); heir != nil {
			d.serve(heir)
		}
	}
	d.admit(d.claim(documents.good))
	d.reconsider()
	return d
}

// claim returns the documents that are new or changed, one for each identity, in
// the order of precedence: those of policies that serve, at home and moved, then
// new ones. Further documents of an identity are refused.
func (d *decision) claim(good map[policy.ID][]*policy.Policy) []*policy.Policy {
	rank := func(p *policy.Policy) int {
		switch was := d.before[p.ID]; {
		case was == nil:
			return 2
		case was.Place != p.Place:
			return 1
		}
		return 0
	}
	var fresh []*policy.Policy
	for id, documents := range good {
		slices.SortStableFunc(documents, func(p, q *policy.Policy) int { return cmp.Compare(rank(p), rank(q)) })
		holder := d.serving[id]
		for _, p := range documents {
			switch {
			case holder == nil:
				holder = p
				d.claims[id] = p
				fresh = append(fresh, p)
			case p != holder:
				d.refused[p] = policy.Conflict{Policy: p, Holder: holder}
			}
		}
	}
	slices.SortFunc(fresh, func(p, q *policy.Policy) int {
		return cmp.Or(cmp.Compare(rank(p), rank(q)), precedence(p, q))
	})
	return fresh
}

// admit lets the fresh documents serve together, so that two policies may swap
// their hosts in one step. Where one is refused, its last good revision takes
// its place again, which may be in the way of others: so it goes on until no
// such revision comes back.
func (d *decision) admit(fresh []*policy.Policy) {
	var refused []*policy.Policy
	for _, p := range fresh {
		if d.conflicts(p) {
			refused = append(refused, p)
		} else {
			d.serve(p)
		}
	}
	for len(refused) > 0 {
		var inTheWay []*policy.Policy
		for _, p := range refused {
			was := d.before[p.ID]
			if was == nil {
				continue
			}
			for _, holder := range d.held.Holders(was) {
				d.withdraw(holder)
				inTheWay = append(inTheWay, holder)
			}
			d.serve(was)
		}
		for _, p := range inTheWay {
			d.conflicts(p)
		}
		refused = inTheWay
	}
}

// reconsider tries again, in the order of precedence, the documents that were
// refused for the sake of one that does not serve after all. One that takes the
// place of its last good revision may free others.
func (d *decision) reconsider() {
	refused := slices.SortedFunc(maps.Keys(d.refused), precedence)
	for i := 0; i < len(refused); i++ {
		p := refused[i]
		if c, still := d.refused[p]; !still || d.serving[c.Holder.ID] == c.Holder {
			continue
		}
		was := d.serving[p.ID]
		switch {
		case was != nil && d.claims[p.ID] != p:
			d.refused[p] = policy.Conflict{Policy: p, Holder: was}
		case was == nil:
			if !d.conflicts(p) {
				d.serve(p)
			}
		default:
			d.withdraw(was)
			if d.conflicts(p) {
				d.serve(was)
			} else {
				d.serve(p)
				i = -1
			}
		}
	}
}

// conflicts refuses p if something that it asks for is held.
func (d *decision) conflicts(p *policy.Policy) bool {
	c, found := d.held.Conflict(p)
	if found {
		d.refused[p] = c
	}
	return found
}

func (d *decision) serve(p *policy.Policy) {
	d.serving[p.ID] = p
	d.held.Take(p)
	delete(d.refused, p)
}

func (d *decision) withdraw(p *policy.Policy) {
	delete(d.serving, p.ID)
	d.held.Release(p)
}

// precedence orders documents: the earlier created, then the earlier place.
func precedence(p, q *policy.Policy) int {
	return cmp.Or(
		p.Created.Compare(q.Created),
		cmp.Compare(p.Place, q.Place),
		cmp.Compare(p.Line, q.Line),
	)
}

// sorted returns policies in one order, so that a conflict with several is always
// reported as one with the same.
func sorted(policies map[policy.ID]*policy.Policy) []*policy.Policy {
	return slices.SortedFunc(maps.Values(policies), func(p, q *policy.Policy) int {
		return cmp.Or(cmp.Compare(p.ID.Namespace, q.ID.Namespace), cmp.Compare(p.ID.Name, q.ID.Name))
	})
}
