package upstream

import (
	"slices"

	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/hedge"
)

// Pick leases an endpoint to an attempt; used are those that the call has gone
// to already. The empty reason comes with a lease. The first attempt is refused
// only by an empty group (no_endpoint). A further one is refused when breakers
// admit none (breaker), when upstreams hold all out (pushback), or when there is
// no other and the group requires one (no_endpoint). Endpoints that are near come
// first for the first attempt.
func (g *Group) Pick(first bool, used []*Endpoint) (Lease, hedge.Reason) {
	for {
		p := picker{members: g.members.Load(), random: g.random, avoid: used}
		l, reason := p.pick(first)
		if reason == hedge.Admitted || !p.stale {
			return l, reason
		}
		// An update took an endpoint away between the look and the lease: the
		// members that are in force by now do not have it.
	}
}

// sick is the score above which what is near is not preferred: half of what it gets
// failed, or waited for as long.
const sick = 0.5

// picker is one pick among the members of a group.
type picker struct {
	*members
	random func(n int) int
	avoid  []*Endpoint // passed over
	near   bool        // whether only what is near and not sick will do
	stale  bool        // whether a chosen endpoint turned out to be closed
}

func (p *picker) pick(first bool) (Lease, hedge.Reason) {
	if len(p.all) == 0 {
		return Lease{}, hedge.NoEndpoint
	}
	if p.distinct == Any {
		p.avoid = nil
	}
	if first && p.anyNear {
		p.near = true
		if l, ok := p.lease(p.choose()); ok {
			return l, hedge.Admitted
		}
		p.near = false
	}
	l, ok := p.lease(p.choose())
	if !ok && p.distinct == Prefer && len(p.avoid) > 0 {
		p.avoid = nil
		l, ok = p.lease(p.choose())
	}
	if !ok && first {
		l, ok = p.bypass()
	}
	if !ok {
		return Lease{}, p.refusal()
	}
	return l, hedge.Admitted
}

// choose chooses among the members that admit.
func (p *picker) choose() int {
	c := p.choice()
	return c.choose()
}

func (p *picker) choice() choice {
	return choice{n: len(p.all), admits: p.admits, sums: p.sums, inFlight: p.inFlight, random: p.random}
}

func (p *picker) admits(i int) bool {
	m := &p.all[i]
	if p.near && (!m.near || m.endpoint.Score() > sick) {
		return false
	}
	return !p.avoids(m.endpoint) && (p.unguarded || m.breaker.State() != breaker.Open) && !m.endpoint.HeldOut()
}

// avoids reports whether the call has been there: also when the endpoint was taken
// away since and has come back.
func (p *picker) avoids(e *Endpoint) bool {
	return slices.ContainsFunc(p.avoid, func(used *Endpoint) bool { return used == e || used.key == e.key })
}

func (p *picker) sums(i int) Sums { return p.all[i].endpoint.sums() }

func (p *picker) inFlight(i int) int64 { return p.all[i].endpoint.InFlight() }

// lease claims the chosen member. If its breaker is half-open and has no slot
// left, any other that admits will do.
func (p *picker) lease(chosen int) (Lease, bool) {
	if chosen == none {
		return Lease{}, false
	}
	if l, ok := p.claim(chosen); ok {
		return l, true
	}
	start, n := p.random(len(p.all)), len(p.all)
	for k := range n {
		i := (start + k) % n
		if i == chosen || !p.admits(i) {
			continue
		}
		if l, ok := p.claim(i); ok {
			return l, true
		}
	}
	return Lease{}, false
}

func (p *picker) claim(i int) (Lease, bool) {
	m := p.all[i]
	if !m.endpoint.acquire(oneLease) {
		p.stale = true
		return Lease{}, false
	}
	permit, ok := p.permit(m.breaker)
	if !ok {
		m.endpoint.release(oneLease)
		return Lease{}, false
	}
	m.endpoint.attempts.Add(1)
	return Lease{Endpoint: m.endpoint, permit: permit}, true
}

// permit asks the breaker, or passes it by in a group whose breakers do not count.
func (p *picker) permit(b *breaker.Breaker) (breaker.Permit, bool) {
	if p.unguarded && b.State() != breaker.Closed {
		return b.Bypass(), true
	}
	return b.Allow()
}

// bypass leases the best-scored member although none admits.
func (p *picker) bypass() (Lease, bool) {
	start, n := p.random(len(p.all)), len(p.all)
	best, c := start, p.choice()
	for k := 1; k < n; k++ {
		best, _ = c.better(best, (start+k)%n)
	}
	m := p.all[best]
	l, ok := p.claim(best) // of one that is only held out, the mark counts
	if !ok && m.endpoint.acquire(oneLease) {
		m.endpoint.attempts.Add(1)
		l, ok = Lease{Endpoint: m.endpoint, permit: m.breaker.Bypass()}, true
	}
	l.Bypassed = ok
	return l, ok
}

// refusal says why no member was leased.
func (p *picker) refusal() hedge.Reason {
	reason := hedge.NoEndpoint
	for _, m := range p.all {
		switch {
		case p.avoids(m.endpoint):
		case m.breaker.State() == breaker.Open || !m.endpoint.HeldOut():
			return hedge.Breaker
		default:
			reason = hedge.Pushback
		}
	}
	return reason
}
