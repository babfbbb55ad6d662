package adapt

import (
	"math"
	"math/rand/v2"
	"time"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

// world is an upstream in virtual time, and calls that follow a controller's plans,
// fifty a tick. Its latency is lognormal.
type world struct {
	*Controller
	budget   *budget.Budget
	deadline time.Duration
	now      time.Time
	random   *rand.Rand

	median          time.Duration
	sigma           float64
	silent, failing float64 // shares of attempts that are never answered, that fail at a quarter of the median

	tally
}

// tally is what came of calls.
type tally struct{ calls, further, answered, ticks, shifted int }

func (w tally) load() float64    { return float64(w.further) / float64(w.calls) }
func (w tally) success() float64 { return float64(w.answered) / float64(w.calls) }

// perTick makes 500 calls a second.
const perTick = 50

// meet puts a controller before an upstream with nothing wrong, which is paid for as
// many further attempts as it can use.
func meet(s Settings, percent float64, seed uint64) *world {
	b := budget.New(budget.Settings{Percent: percent}, epoch)
	return &world{
		Controller: New(s, b), budget: b, deadline: s.Deadline, now: epoch, random: rand.New(rand.NewPCG(seed, 5)),
		median: 10 * time.Millisecond, sigma: 0.3,
	}
}

// run lets time pass and returns what came of the calls meanwhile.
func (w *world) run(d time.Duration) tally {
	w.tally = tally{}
	for ; d > 0; d -= tick {
		for range perTick {
			w.call()
		}
		w.now = w.now.Add(tick)
		w.Tick(w.now)
		w.ticks++
		if w.view.regime.shifted {
			w.shifted++
		}
	}
	return w.tally
}

// flight is an attempt under way. Times are since the call's begin.
type flight struct {
	trigger  hedge.Trigger
	at, ends time.Duration
	kind     Kind
}

func (w *world) attempt(t hedge.Trigger, at, timeout time.Duration) flight {
	f := flight{t, at, at + time.Duration(float64(w.median)*math.Exp(w.sigma*w.random.NormFloat64())), Success}
	switch lot := w.random.Float64(); {
	case lot < w.silent:
		f.ends = math.MaxInt64
	case lot < w.silent+w.failing:
		f.ends, f.kind = at+w.median/4, Failure
	}
	if timeout > 0 && f.ends > at+timeout {
		f.ends, f.kind = at+timeout, Expired
	}
	return f
}

// call carries out a call by the rules of the engine. What becomes of it is told
// within its tick, since a deadline is not much longer.
func (w *world) call() {
	p := w.Begin()
	w.calls++
	flights := []flight{w.attempt(hedge.Initial, 0, p.AttemptTimeout)}
	launched, rung, newest, postponed := 1, 0, time.Duration(0), time.Duration(0)
	launch := func(t hedge.Trigger, at time.Duration, draw float64) (suppressed hedge.Reason) {
		newest = at
		if launched == p.FanOut || w.deadline-at < p.LeastRemaining {
			return hedge.NoTime
		}
		if reason := w.Admit(p, hedge.Ask{Number: launched + 1, Trigger: t, Place: rung, Deferred: postponed > 0}, draw, w.now); reason != hedge.Admitted {
			return reason
		}
		flights = append(flights, w.attempt(t, at, p.AttemptTimeout))
		launched++
		w.further++
		return hedge.Admitted
	}
	for {
		due := w.deadline
		if rung < len(p.Gaps) && p.Gaps[rung] != hedge.Never && launched < p.FanOut {
			due = newest + p.Gaps[rung]
			if postponed > 0 {
				due = postponed
			}
		}
		first, ends := -1, w.deadline
		for i, f := range flights {
			if f.ends < ends {
				first, ends = i, f.ends
			}
		}
		switch {
		case min(due, ends) >= w.deadline:
			w.giveUp(flights, w.deadline, Expired)
			w.Missed()
			return
		case due < ends && postponed > 0:
			launch(hedge.Stagger, due, 0)
			rung++
			postponed = -1
		case due < ends:
			if launch(hedge.Stagger, due, w.random.Float64()) == hedge.Draw && postponed == 0 && p.Defer > 0 {
				postponed = due + p.Defer
				continue
			}
			rung++
		default:
			ended := flights[first]
			flights = append(flights[:first], flights[first+1:]...)
			w.Observe(ended.trigger, ended.kind, ended.ends-ended.at)
			if ended.kind == Success {
				w.answered++
				w.giveUp(flights, ends, Censored)
				return
			}
			launch(hedge.Failure, ends, w.random.Float64())
		}
	}
}

func (w *world) giveUp(flights []flight, at time.Duration, k Kind) {
	for _, f := range flights {
		w.Observe(f.trigger, k, at-f.at)
	}
}
