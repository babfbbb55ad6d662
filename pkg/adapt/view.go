package adapt

import (
	"math"
	"time"

	"hedged.dev/hedged/pkg/budget"
)

// view is all that the controller has learned of an upstream.
type view struct {
	fast, slow window // of first attempts
	further    further
	regime     regime
	gate       gate
	allowance  allowance

	observed uint64    // first attempts since the start
	missing  float64   // share of calls that missed, recently
	ticked   time.Time // the last tick that observed something

	// What the last tick made of it.
	curve    curve  // of first attempts, in the regime in force
	hedges   curve  // of attempts launched by a stagger
	retries  curve  // of attempts launched by a failure
	recent   glance // of the fast window
	usual    glance // of the slow one
	last     ladder // the answer of the last search
	lastGrid [mostHedges]time.Duration
	horizon  time.Duration // that it was for
	searches uint
}

// enough is the number of first attempts below which nothing has been learned.
const enough = 50

// learned reports whether there is something to go by.
func (v *view) learned() bool { return v.observed >= enough && v.curve.answered[buckets-1] > 0 }

// news is what happened since the last tick.
type news struct {
	now    time.Time
	ends   *ends
	first  int // of them, of first attempts
	missed int // calls
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
	v.allowance.follow(n.budget, passed)
	v.missing *= decay(passed, fastMemory)
	if n.first > 0 {
		weight := 1 - decay(passed, fastMemory)
		v.missing += weight * min(1, float64(n.missed)/float64(n.first))
	}

	late := v.late(s)
	var usual, h hazards
	v.slow.hazards(&usual, nil, 0)
	var tick window
	tick.add(&n.ends[0])
	latest := tick.glance(&usual, late, s.Deadline)
	v.fast.fade(passed, fastMemory, 0)
	if before := v.fast.glance(&usual, late, s.Deadline); latest.unlike(before, tickUnlike, lateUnlike) {
		v.fast.scale(startle)
	}
	v.slow.fade(passed, slowMemory, leastMemory-float64(n.first))
	v.fast.add(&n.ends[0])
	v.slow.add(&n.ends[0])

	left := v.slow.hazards(&usual, nil, 0)
	v.recent = v.fast.glance(&usual, late, s.Deadline)
	v.usual = v.slow.glance(&usual, late, s.Deadline)
	if v.regime.follow(v.recent, v.usual, n.now) {
		v.slow = v.fast
		left = v.slow.hazards(&usual, nil, 0)
	}
	h = usual
	if v.regime.shifted {
		left = v.fast.hazards(&h, &usual, shrink)
	}
	h.curve(&v.curve, 1, left)
	var hazard [buckets]float64
	sum := 0.0
	for i := range buckets {
		sum += h.success[i]
		hazard[i] = sum
	}
	v.further.take(n.ends, &hazard, passed)
	h.curve(&v.hedges, v.further.conditional(1), left)
	h.curve(&v.retries, v.further.conditional(2), left)
	if s.AttemptTimeout > 0 {
		for _, c := range []*curve{&v.curve, &v.hedges, &v.retries} {
			c.cut(s.AttemptTimeout)
		}
	}
	v.gate.follow(signs{
		now: n.now, median: v.median(fewForMedian, &tick, &v.fast, &v.slow), floor: v.median(manyForMedian, &v.fast, &v.slow), efficacy: v.efficacy(), trust: s.TrustUpstream, losing: v.losing(s), pushed: n.pushed,
	})
	if v.further.proven() {
		v.gate.suspect = false
	}
}

// startle is what is left of the fast window when a tick is unlike it.
const startle = 0.1

// late is the second check-point: just before the first hedge, since that is how
// far first attempts are seen, but not later than the 95th percentile.
func (v *view) late(s *Settings) time.Duration {
	late := s.Deadline
	if v.learned() {
		late = min(late, v.curve.quantile(0.95))
	}
	if v.last.k > 0 {
		late = min(late, v.lastGrid[0])
	}
	return late
}

// The least numbers of ends that a median is read from: few to be quick about
// where it is, more to be sure how low it goes.
const (
	fewForMedian  = 50
	manyForMedian = 300
)

// median returns the median latency of answers in the first window that has so many
// ends, or the last one; 0 if it is not known.
func (v *view) median(least float64, windows ...*window) time.Duration {
	if v.observed < enough {
		return 0
	}
	for i, w := range windows {
		if w.weight < least && i < len(windows)-1 {
			continue
		}
		var h hazards
		var c curve
		h.curve(&c, 1, w.hazards(&h, nil, 0))
		return c.quantile(0.5)
	}
	return 0
}

// efficacy returns how well further attempts do at present. The first few calls of
// all do not speak against them.
func (v *view) efficacy() float64 {
	if v.observed < enough {
		return v.further.efficacy(1)
	}
	return v.further.efficacy(v.recent.deadline)
}

// losing reports whether calls are lost beyond the usual: the budget's stock is
// for that.
func (v *view) losing(s *Settings) bool {
	return v.regime.shifted && peaking(v.recent, v.usual) || v.missing > max(1-s.Target, missingMaterial)
}

const missingMaterial = 0.001

// pace is how fast the budget's stock may be spent under a plan.
func (v *view) pace(p *Plan) (perCall, most float64, now time.Time) {
	perCall, most = v.allowance.pace(p.State == Peak, p.Figures.Cost)
	return perCall, most, v.ticked
}
