package adapt

import (
	"math"
	"time"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

// view is all that the controller has learned of an upstream.
type view struct {
	fast, slow window // of first attempts
	evidence   evidence
	level      level
	money      money
	pushed     bool // the upstream asked to be left alone

	observed uint64    // first attempts since the start
	ticked   time.Time // the last tick that observed something

	// What the last tick made of it.
	curve   curve // of first attempts
	hedges  curve // of attempts launched by a stagger
	retries curve // of attempts launched by a failure

	prospect prospect
}

// learned reports whether there is something to go by.
func (v *view) learned() bool { return v.observed >= enough && v.curve.answered[buckets-1] > 0 }

// news is what happened since the last tick.
type news struct {
	now    time.Time
	ends   *ends
	first  int // of them, of first attempts
	pushed bool
	budget budget.Status
}

func decay(passed, memory time.Duration) float64 {
	return math.Exp(-passed.Seconds() / memory.Seconds())
}

// follow takes up the news.
func (v *view) follow(s *Settings, n *news) {
	passed := max(n.now.Sub(v.ticked), 0)
	if v.ticked.IsZero() {
		passed = 0
	}
	v.ticked = n.now
	v.observed += uint64(n.first)
	v.pushed = n.pushed
	v.money.follow(n.budget, passed)

	v.fast.fade(passed, fastMemory, 0)
	v.slow.fade(passed, slowMemory, leastMemory-float64(n.first))
	v.fast.add(&n.ends[hedge.Initial])
	v.slow.add(&n.ends[hedge.Initial])

	var usual, present hazards
	slowLeft := v.slow.hazards(&usual, nil)
	left := max(slowLeft, v.fast.hazards(&present, &usual))
	present.curve(&v.curve, 1, left)
	var usually curve
	usual.curve(&usually, 1, slowLeft)

	var tick window
	tick.add(&n.ends[hedge.Initial])
	if v.observed >= enough { // a few answers could be the least for a minute
		v.level.follow(v.median(&tick, s.Deadline), v.usual(&usually, s.Deadline), s.Deadline, v.evidence.help(0) < 0.5, n.now)
	}

	hazard := present.success
	for i := 1; i < buckets; i++ {
		hazard[i] += hazard[i-1]
	}
	v.evidence.take(n.ends, &hazard, v.moved(s), passed)
	present.curve(&v.hedges, min(1, v.evidence.conditional(hedge.Stagger, v.moved(s))), left)
	present.curve(&v.retries, min(1, v.evidence.conditional(hedge.Failure, v.moved(s))), left)
	if s.AttemptTimeout > 0 {
		for _, c := range []*curve{&v.curve, &v.hedges, &v.retries} {
			c.cut(s.AttemptTimeout)
		}
	}
	if v.learned() {
		v.prospect.lay(v, s)
		v.money.need(v.prospect.late+v.prospect.retries, passed)
	}
}

// median returns the median of a tick if it has enough ends, or else the present one.
func (v *view) median(tick *window, deadline time.Duration) time.Duration {
	if tick.weight < enough {
		return v.curve.median(deadline)
	}
	var h hazards
	var c curve
	h.curve(&c, 1, tick.hazards(&h, nil))
	return c.median(deadline)
}

// usual returns the median that the least one is looked for among: of the fast window if
// it has so many ends that chance hardly lowers it, or else of the slow one.
func (v *view) usual(usually *curve, deadline time.Duration) time.Duration {
	if v.fast.weight >= sure {
		return v.median(&v.fast, deadline)
	}
	return usually.median(deadline)
}

// moved returns how surely the median has moved lately, from 0 to 1. An upstream that is
// trusted has moved for a reason of its own.
func (v *view) moved(s *Settings) float64 {
	if s.TrustUpstream {
		return 0
	}
	return v.level.moved()
}

// independence returns how far hedging is left alone, from 0 to 1. Evidence of harm is a
// conjunction: the upstream has become slower, and hedges do worse than first attempts of
// their age. Either alone has harmless causes: a slow spell, or losses that strike at random.
func (v *view) independence(s *Settings) float64 {
	if v.pushed {
		return 0
	}
	alone := 1 - v.moved(s)*(1-v.evidence.help(v.moved(s)))
	if s.TrustUpstream || v.prospect.late <= v.money.share {
		return alone
	}
	return min(alone, 1-(1-v.money.rich)*(1-v.surely()))
}

// surely returns from 0 to 1 how surely hedges are as good as first attempts. Where even
// late hedges would cost more than the budget and the stock is gone, most calls are slow,
// and what they wait for may well be each other.
func (v *view) surely() float64 {
	c := v.evidence.conditional(hedge.Stagger, 0)
	return clamp((c - helps) / (1 - helps))
}

// pace returns how many hedges a call may have in the short run, and how many at once.
func (v *view) pace(s *Settings) (perCall, most float64) {
	bonus := spree * v.evidence.proof() * v.evidence.help(v.moved(s)) * (1 - v.moved(s))
	perCall = v.money.share * v.independence(s) * (1 + bonus)
	return perCall, max(leastBurst, perCall*v.money.rate*burst.Seconds())
}

const (
	burst      = 250 * time.Millisecond // whose calls may be hedged at once
	leastBurst = 2                      // hedges: two of a call are not split by the pace
)
