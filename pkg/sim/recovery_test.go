package sim

import (
	"testing"
	"time"
)

func TestRecovery(t *testing.T) {
	// Slots of a hundred calls; the disturbance is the second from 10 s on.
	f := func(what string, usual float64, success func(at float64) float64, want float64) {
		t.Helper()
		r := &run{scenario: &Scenario{Upstream: Upstream{Changes: []Change{{From: 10 * time.Second, To: 11 * time.Second, Latency: 2}}}}}
		for i := range 160 { // 40 s
			r.tally.slots = append(r.tally.slots, Slot{Calls: 100, Successes: int(100 * success(float64(i)*0.25))})
		}
		r.last = 40 * time.Second
		got := -1.0
		if s := r.recovery(usual); s != nil {
			got = *s
		}
		if got != want {
			t.Errorf("%s: %v s, want %v", what, got, want)
		}
	}
	const never = -1
	badUntil := func(end float64) func(float64) float64 {
		return func(at float64) float64 {
			if at >= 10 && at < end {
				return 0.2
			}
			return 1
		}
	}
	f("at once", 1, badUntil(11), 0)
	f("before its end", 1, badUntil(10.5), 0)
	f("two seconds later", 1, badUntil(13), 2)
	f("never", 1, badUntil(41), never)
	f("too late to say", 1, badUntil(38), never)
	f("back and gone", 1, func(at float64) float64 {
		if at >= 10 && at < 12 || at > 25 {
			return 0.2
		}
		return 1
	}, never)
	f("a dip that is soon over", 0.97, func(at float64) float64 {
		if at == 30 {
			return 0.5
		}
		return badUntil(12)(at)
	}, 0.75)
	f("less than before, by chance", 0.97, func(at float64) float64 {
		if at < 10 {
			return 0.97
		}
		return 0.96
	}, 0)
	calm := &run{scenario: &Scenario{}}
	if s := calm.recovery(1); s == nil || *s != 0 {
		t.Errorf("without a disturbance it is %v", s)
	}
}

func TestUsualIsBeforeTheDisturbance(t *testing.T) {
	r := &run{scenario: &Scenario{WarmUp: time.Second, Surges: []Surge{{From: 3 * time.Second, To: 4 * time.Second, Factor: 2}}}}
	for i := range 20 {
		successes := 90
		if i < 4 || i >= 12 {
			successes = 10
		}
		r.tally.slots = append(r.tally.slots, Slot{Calls: 100, Successes: successes})
	}
	if got := r.usual(); got != 0.9 {
		t.Errorf("usual is %v", got)
	}
}
