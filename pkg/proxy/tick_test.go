package proxy

import (
	"testing"
	"time"
)

func TestTicksTakeAFifthOfTheTimeAtMost(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	f := func(name string, round time.Duration, rounds int, interval time.Duration) {
		t.Helper()
		var r roundsUnderTest
		for range 100 { // ten seconds of calls
			r.now = r.now.Add(tickInterval)
			if !r.now.Before(r.next) {
				r.took(round, r.now)
				r.done++
			}
		}
		if got := time.Duration(r.interval.Load()); r.done != rounds || (got-interval).Abs() > interval/100 {
			t.Errorf("%s: %d rounds, interval %v; want %d and %v", name, r.done, time.Duration(r.interval.Load()), rounds, interval)
		}
	}
	f("short", ms, 100, tickInterval)
	f("a fifth", 20*ms, 100, tickInterval)
	f("a fifth of twice as long", 40*ms, 51, 200*ms)
	f("a fifth of a second", 200*ms, 11, time.Second)
}

// roundsUnderTest counts rounds by a clock of its own.
type roundsUnderTest struct {
	rounds
	now  time.Time
	done int
}
