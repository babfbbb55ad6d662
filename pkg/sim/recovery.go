package sim

import (
	"math"
	"time"
)

const (
	// recovered is the part of the usual success that counts as recovered.
	recovered = 0.99
	// calm is how long success has to last, in slots. What comes after is looked at
	// as a whole: dips that are usual do not count.
	calm = int(5 * time.Second / slotLength)
	// late is the part of the time after the disturbance from which on it is too late
	// to say that success stays.
	late = 0.8
	// chance is how many standard deviations success may be below that.
	chance = 3
)

// recovery returns how long after the last disturbance success was back and stayed, in
// seconds: 0 without a disturbance, nil if it was not until the end.
func (r *run) recovery(usual float64) *float64 {
	_, end, ok := r.scenario.disturbed()
	took := 0.0
	if !ok {
		return &took
	}
	slots := r.tally.slots
	slots = slots[:min(len(slots), int(r.last/slotLength)+1)] // no calls afterwards
	if len(slots) <= int(end/slotLength) {
		return nil // it did not last that long
	}
	first := int(end / slotLength)
	for i := first; float64(i-first) <= late*float64(len(slots)-first); i++ {
		if good(slots[i:min(i+calm, len(slots))], usual) && good(slots[i:], usual) {
			took = max((time.Duration(i)*slotLength - end).Seconds(), 0)
			return &took
		}
	}
	return nil
}

// good reports whether success in these slots is the usual, or less only by chance.
func good(slots []Slot, usual float64) bool {
	calls, successes := 0.0, 0.0
	for _, s := range slots {
		calls += float64(s.Calls)
		successes += float64(s.Successes)
	}
	if calls == 0 {
		return true
	}
	return successes/calls >= recovered*usual-chance*math.Sqrt(usual*(1-usual)/calls)
}

// usual returns the success before the first disturbance.
func (r *run) usual() float64 {
	first, _, ok := r.scenario.disturbed()
	calls, successes := 0.0, 0.0
	for i, s := range r.tally.slots {
		at := time.Duration(i) * slotLength
		if at < r.scenario.WarmUp || ok && at+slotLength > first {
			continue
		}
		calls += float64(s.Calls)
		successes += float64(s.Successes)
	}
	if calls == 0 {
		return 1
	}
	return successes / calls
}
