package sim

import "time"

// arrivals are the instants at which root calls arrive.
type arrivals struct {
	next  int64  // when the next one does; never: there is none
	first uint64 // the number of its first leaf
	which []int  // its leaves, counted from the first; they arrive at once

	scenario *Scenario
	random   source
	total    uint64 // calls in all
	all      []int  // which of a root that is whole
	replay   []batch
}

// batch is some leaves of one root call that is played again.
type batch struct {
	at    int64
	first uint64
	which []int
}

// newArrivals returns the arrivals of a scenario's first calls.
func newArrivals(s *Scenario, seed uint64, total int) arrivals {
	a := arrivals{scenario: s, random: newSource(seed, arrivalStream, 0, 0), total: uint64(total)}
	for i := range s.Leaves {
		a.all = append(a.all, i)
	}
	a.which = a.all
	a.schedule()
	return a
}

// newReplay returns the arrivals of these batches, which are in the order of time.
func newReplay(batches []batch) arrivals {
	a := arrivals{replay: batches}
	a.take()
	return a
}

// advance goes on to the next arrival.
func (a *arrivals) advance() {
	if a.scenario == nil {
		a.take()
		return
	}
	a.first += uint64(len(a.all))
	a.schedule()
}

func (a *arrivals) take() {
	if len(a.replay) == 0 {
		a.next = never
		return
	}
	b := a.replay[0]
	a.replay = a.replay[1:]
	a.next, a.first, a.which = b.at, b.first, b.which
}

// schedule finds the next arrival: so much of the rate's integral from the last one.
func (a *arrivals) schedule() {
	if a.first+uint64(len(a.all)) > a.total {
		a.next = never
		return
	}
	left := 1.0
	if a.scenario.Arrivals == Poisson {
		left = a.random.exponential()
	}
	rate := a.scenario.Rate / float64(len(a.all)) / float64(time.Second)
	for {
		factor, until := a.factor()
		gap := left / (rate * factor)
		if until == never || float64(a.next)+gap < float64(until) {
			a.next += int64(gap)
			return
		}
		left -= float64(until-a.next) * rate * factor
		a.next = until
	}
}

// factor is what the surges make of the rate now, and until when.
func (a *arrivals) factor() (factor float64, until int64) {
	factor, until = 1, never
	for _, s := range a.scenario.Surges {
		from, to := int64(s.From), int64(s.To)
		switch {
		case a.next < from:
			until = min(until, from)
		case a.next < to:
			factor *= s.Factor
			until = min(until, to)
		}
	}
	return factor, until
}
