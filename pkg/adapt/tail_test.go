package adapt

import (
	"fmt"
	"math"
	"time"
)

// tail is the steady upstream that every history ends with: two in a hundred answers
// take 200 ms longer.
type tail struct {
	median, deadline time.Duration
}

const (
	tailShare = 0.02
	tailExtra = 200 * ms
)

// answered returns the probability that an attempt has been answered by that age.
func (u *tail) answered(age time.Duration) float64 {
	if age <= 0 {
		return 0
	}
	normal := func(d time.Duration) float64 {
		if d <= 0 {
			return 0
		}
		return 0.5 * math.Erfc(-math.Log(float64(d)/float64(u.median))/(0.3*math.Sqrt2))
	}
	return (1-tailShare)*normal(age) + tailShare*normal(age-tailExtra)
}

// outlook is what a plan comes to at an upstream that is known.
type outlook struct {
	first  float64 // when the first hedge is due, in seconds
	hedged float64 // share of the slow calls that get a hedge before they are answered
	cost   float64 // hedges a call
}

// outlook is found from what the upstream is, and not from what the controller believes.
func (u *tail) outlook(p *Plan) outlook {
	if p.Hedges == 0 {
		return outlook{first: u.deadline.Seconds()}
	}
	early, late := p.Gaps[0], p.Gaps[0]+p.Defer
	o := outlook{first: early.Seconds()}
	in := func(first time.Duration) float64 {
		if first >= tailExtra {
			return 0
		}
		return 1
	}
	o.hedged = p.HedgeShare*in(early) + (1-p.HedgeShare)*in(late)
	o.cost = p.HedgeShare*(1-u.answered(early)) + (1-p.HedgeShare)*(1-u.answered(late))
	return o
}

// settle lets the steady upstream answer 500 calls a second for so long, and returns what
// the plans of the last three ticks come to on average.
func (u *tail) settle(w *world, d time.Duration) (mean outlook) {
	w.rate = 500
	w.answer = w.heavy(u.median, tailShare, tailExtra)
	w.run(d - 300*ms)
	n := 0.0
	w.ticked = func() {
		o := u.outlook(w.Plan())
		n++
		mean.first += (o.first - mean.first) / n
		mean.hedged += (o.hedged - mean.hedged) / n
		mean.cost += (o.cost - mean.cost) / n
	}
	w.run(300 * ms)
	w.ticked = nil
	return mean
}

// enter is a world at the steady upstream before anything has happened.
func (u *tail) enter(percent float64, fanOut int) *world {
	s := Settings{Deadline: u.deadline, FanOut: fanOut, Adaptive: true, Target: 0.999, Mode: Auto, Min: ms}
	w := meet(s, percent, 7)
	w.answer = w.heavy(u.median, tailShare, tailExtra)
	return w
}

// behind says what a controller with a history is worse at than a fresh one, if anything:
// by more than a tenth and two buckets of the curve, since a first hedge moves in such steps. A fuller stock may make it better.
func (o outlook) behind(fresh outlook) (what []string) {
	const bucket = 1.0443
	if o.first > 1.1*bucket*bucket*fresh.first {
		what = append(what, fmt.Sprintf("the first hedge after %.1f ms instead of %.1f ms", o.first*1e3, fresh.first*1e3))
	}
	if o.hedged < 0.9*fresh.hedged {
		what = append(what, fmt.Sprintf("%.2f of slow calls are hedged instead of %.2f", o.hedged, fresh.hedged))
	}
	return what
}
