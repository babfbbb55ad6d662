package sim

import (
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/upstream"
)

// strategy is what decides about further attempts.
type strategy interface {
	begin() *adapt.Plan
	// admit is asked before a further attempt; draw is a random number from 0 to below 1.
	admit(p *adapt.Plan, a hedge.Ask, draw float64, now time.Time) hedge.Reason
	ended(t hedge.Trigger, e hedge.End, elapsed time.Duration)
	missed()
	tick(now time.Time)
}

// daemon is one of those that share the calls: its strategy, and what it knows of
// the endpoints.
type daemon struct {
	strategy
	pick      pick
	endpoints []endpoint

	until int64  // when it goes on; before now: it does not stand still
	held  []held // what has happened since it stood still, in order
	tardy bool   // it has missed a tick

	// Of the choice under way.
	now    time.Time
	random source
	draw   func(n int) int // from random
	avoid  *call
}

// pick is how a daemon picks among endpoints.
type pick uint8

const (
	atRandom   pick = iota
	byInFlight      // of two
	byScore         // as the daemon does: by score and attempts in flight
	tries      = 16 // draws of a random endpoint before all are looked through
)

// endpoint is what a daemon knows of one.
type endpoint struct {
	score    upstream.Score
	inFlight int64
}

func newDaemon(s strategy, p pick, endpoints int) *daemon {
	d := &daemon{strategy: s, pick: p, endpoints: make([]endpoint, endpoints)}
	d.draw = func(n int) int { return d.random.below(n) }
	return d
}

// admit picks an endpoint for an attempt and asks the strategy, as pkg/proxy does.
func (d *daemon) admit(r *run, c *call, a hedge.Ask) (uint16, hedge.Reason) {
	n := a.Number
	d.now, d.random = r.time(), newSource(r.seed, pickStream, c.id, uint64(n))
	chosen := -1
	if r.distinct != upstream.Any {
		d.avoid = c
		chosen = d.choose()
	}
	if chosen < 0 && (n == 1 || r.distinct != upstream.Require) {
		d.avoid = nil
		chosen = d.choose()
	}
	if chosen < 0 {
		return 0, hedge.NoEndpoint
	}
	if n > 1 {
		draws := newSource(r.seed, drawStream, c.id, uint64(n))
		if reason := d.strategy.admit(c.plan, a, draws.float(), d.now); reason != hedge.Admitted {
			return 0, reason
		}
	}
	d.endpoints[chosen].inFlight++
	return uint16(chosen), hedge.Admitted
}

// choose returns an endpoint that is not avoided, or -1.
func (d *daemon) choose() int {
	if d.pick != atRandom {
		return upstream.Choose(d, d.draw)
	}
	for range tries {
		if i := d.draw(len(d.endpoints)); d.Admits(i) {
			return i
		}
	}
	for i := range d.endpoints {
		if d.Admits(i) {
			return i
		}
	}
	return -1
}

// Len implements upstream.Candidates.
func (d *daemon) Len() int { return len(d.endpoints) }

// Admits implements upstream.Candidates: no endpoint that the call has used.
func (d *daemon) Admits(i int) bool {
	if d.avoid == nil {
		return true
	}
	for n := range d.avoid.race.Launched() {
		if d.avoid.attempts[n].endpoint == uint16(i) {
			return false
		}
	}
	return true
}

// Sums implements upstream.Candidates.
func (d *daemon) Sums(i int) upstream.Sums {
	if d.pick != byScore {
		return upstream.Sums{}
	}
	return d.endpoints[i].score.Sums(d.now)
}

// InFlight implements upstream.Candidates.
func (d *daemon) InFlight(i int) int64 { return d.endpoints[i].inFlight }

// ended tells everyone who learns from an attempt's end, as pkg/proxy's Ended does.
func (d *daemon) ended(r *run, c *call, n int, e hedge.End) {
	elapsed := time.Duration(r.now-c.began) - c.race.Started(n)
	at := &d.endpoints[c.attempts[n-1].endpoint]
	at.inFlight--
	if d.pick == byScore {
		attempt := hedge.Attempt{End: e, Elapsed: elapsed, Deadline: r.now-c.began >= r.deadline}
		seen := upstream.Judge(attempt, false, c.plan.FairWait, time.Duration(r.deadline))
		at.score.Add(seen.Waited, seen.Ends, r.time())
	}
	d.strategy.ended(c.race.Trigger(n), e, elapsed)
}

// done tells how a call ended.
func (d *daemon) done(won bool) {
	if !won {
		d.strategy.missed()
	}
}
