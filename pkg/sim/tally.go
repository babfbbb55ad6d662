package sim

import (
	"math"
	"slices"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/hedge"
)

// tally counts what becomes of calls.
type tally struct {
	warmUp, mark int64
	deadline     int64

	roots    int // counted
	answers  []int64
	within   int // of the answers, those within the mark
	leaves   int
	attempts int
	lastMiss int64
	quick    int // root calls that were not played, since they are answered before all others

	patience int64 // calls that last longer are noted in slow; 0: none is
	slow     []slowCall

	pending []pendingRoot
	vacant  []int32
	slots   []Slot
	plans   []PlanPoint
}

// pendingRoot is a root call whose leaves have not all ended.
type pendingRoot struct {
	began  int64
	left   int
	missed bool
}

// slowCall is a call that was not answered soon.
type slowCall struct {
	id     uint64
	began  int64
	lasted int64 // never: it was missed
}

// slotLength is what one point of the timeline stands for.
const slotLength = 250 * time.Millisecond

// Slot is a stretch of the timeline, 250 ms long. Calls count where they arrived,
// attempts where they were launched.
type Slot struct {
	Calls     int
	Successes int
	Attempts  int
}

// PlanPoint is the plan of one daemon's controller after a tick.
type PlanPoint struct {
	At         time.Duration
	Daemon     int
	Hedges     int
	HedgeShare float64
	Gap        time.Duration // the first; hedge.Never if there is no hedge
	State      adapt.State
	Rule       adapt.Rule
	Reason     string
	Figures    adapt.Figures
}

// root enters a root call.
func (t *tally) root(now int64, leaves int) int32 {
	p := pendingRoot{began: now, left: leaves}
	if n := len(t.vacant); n > 0 {
		i := t.vacant[n-1]
		t.vacant = t.vacant[:n-1]
		t.pending[i] = p
		return i
	}
	t.pending = append(t.pending, p)
	return int32(len(t.pending) - 1)
}

func (t *tally) slot(at int64) *Slot {
	i := int(at / int64(slotLength))
	for len(t.slots) <= i {
		t.slots = append(t.slots, Slot{})
	}
	return &t.slots[i]
}

func (t *tally) launched(now int64) { t.slot(now).Attempts++ }

// count counts a call that has ended.
func (r *run) count(c *call, won bool) {
	t := &r.tally
	p := &t.pending[c.root]
	won = won && r.now-p.began <= t.deadline // from the arrival, also at a daemon that stood still
	s := t.slot(c.began)
	s.Calls++
	if won {
		s.Successes++
	}
	if t.patience > 0 {
		lasted := r.now - c.began
		if !won {
			lasted = never
		}
		if lasted > t.patience {
			t.slow = append(t.slow, slowCall{c.id, c.began, lasted})
		}
	}
	p.left--
	p.missed = p.missed || !won
	if c.began >= t.warmUp {
		t.leaves++
		t.attempts += c.race.Launched()
	}
	if p.left > 0 {
		return
	}
	t.vacant = append(t.vacant, c.root)
	if p.began < t.warmUp {
		return
	}
	t.roots++
	if p.missed {
		t.lastMiss = max(t.lastMiss, p.began)
		return
	}
	took := r.now - p.began
	t.answers = append(t.answers, took)
	if took <= t.mark {
		t.within++
	}
}

// look notes the plans that are in force.
func (t *tally) look(r *run) {
	for i, d := range r.daemons {
		a, ok := d.strategy.(*adaptive)
		if !ok || a.alone {
			return
		}
		p := a.controller.Plan()
		gap := hedge.Never
		if p.Hedges > 0 {
			gap = p.Gaps[0]
		}
		t.plans = append(t.plans, PlanPoint{
			At: time.Duration(r.now), Daemon: i,
			Hedges: p.Hedges, HedgeShare: p.HedgeShare, Gap: gap,
			State: p.State, Rule: p.Rule, Reason: p.Reason, Figures: p.Figures,
		})
	}
}

// percentile returns the least latency that a share of the root calls do not
// exceed; a missed one counts as the deadline. The answers are sorted. It is 0 if that is one
// of the calls that were not played.
func (t *tally) percentile(share float64) time.Duration {
	rank := int(math.Ceil(math.Round(share*float64(t.roots+t.quick)*1e6)/1e6)) - t.quick
	switch {
	case rank > len(t.answers):
		return time.Duration(t.deadline)
	case rank <= 0:
		return 0
	default:
		return time.Duration(t.answers[rank-1])
	}
}

func (t *tally) sort() { slices.Sort(t.answers) }
