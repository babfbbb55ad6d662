package adapt

import "time"

const (
	fastMemory = time.Second      // time constant of the fast window
	slowMemory = 20 * time.Second // of the slow one
	// leastMemory is the number of samples that time does not take from the slow
	// window: a quiet policy needs longer than that to see its 99th percentile at all.
	leastMemory = 1000
	// shrink is how many attempts at risk the slow window counts as in the fast one.
	shrink = 10

	tickUnlike = 4.0             // standard deviations at the deadline, of the last tick from the fast window
	lateUnlike = 5.0             // at the late check-point
	calmUnlike = 2.0             // below which the windows are alike again
	calmTicks  = 3               // for so long
	settleFor  = 5 * time.Second // after which a shift is the new normal
	material   = 0.005
)

// regime tells whether the upstream is still as it has been: steady, or so unlike
// the slow window that only the fast one is believed.
type regime struct {
	shifted bool
	calm    int       // ticks in a row, while shifted, in which the windows were alike
	since   time.Time // of the shift
}

// glance is a window's curve at the two check-points.
type glance struct {
	late, deadline float64 // answered by then
	weight         float64 // ends that it rests on
}

// glance looks at a window. Where hedging left nobody at risk in it to see an end,
// the prior says what would have been seen.
func (w *window) glance(prior *hazards, late, deadline time.Duration) glance {
	var h hazards
	var c curve
	h.curve(&c, 1, w.hazards(&h, prior, shrink))
	return glance{late: by(&c.answered, late), deadline: by(&c.answered, deadline), weight: w.weight}
}

// unlike reports whether two glances differ beyond chance.
func (g glance) unlike(other glance, atDeadline, atLate float64) bool {
	d := unlike(g.deadline, g.weight, other.deadline, other.weight)
	if d > atDeadline && abs(g.deadline-other.deadline) > material {
		return true
	}
	return unlike(g.late, g.weight, other.late, other.weight) > atLate
}

// follow takes up the last tick. It reports whether a shift has become the new normal.
func (r *regime) follow(fast, slow glance, now time.Time) (settled bool) {
	switch {
	case !r.shifted:
		r.shifted = fast.unlike(slow, tickUnlike, lateUnlike)
		r.calm, r.since = 0, now
	case fast.unlike(slow, calmUnlike, calmUnlike):
		r.calm = 0
		settled = now.Sub(r.since) >= settleFor
	default:
		r.calm++
	}
	if settled || r.calm >= calmTicks {
		r.shifted = false
	}
	return settled
}

// peaking reports whether a shift is one to more loss.
func peaking(fast, slow glance) bool {
	return 1-fast.deadline > 1.5*(1-slow.deadline)+material
}

func abs(x float64) float64 { return max(x, -x) }
