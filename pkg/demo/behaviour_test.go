package demo

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

const ms = time.Millisecond

// newQueue is a queue of one slot with a service time, give or take a fifth.
func newQueue(slots int, service time.Duration) *queue {
	return &queue{free: make([]time.Duration, slots), service: func(time.Duration) time.Duration { return service }}
}

func TestQueueServesInOrderOfArrival(t *testing.T) {
	q := newQueue(2, 10*ms)
	f := func(call uint64, at, least, most time.Duration) {
		t.Helper()
		if end := q.join(arrival{at: at, call: call}); end < least || end > most {
			t.Errorf("call %d is answered at %v, want between %v and %v", call, end, least, most)
		}
	}
	f(1, 0, 8*ms, 12*ms)
	f(2, 0, 8*ms, 12*ms)
	f(3, 0, 16*ms, 24*ms) // waits for the first slot that is free
	f(4, 5*ms, 16*ms, 24*ms)
	f(5, 5*ms, 24*ms, 36*ms)
	f(6, 100*ms, 108*ms, 112*ms) // nobody is left in line
}

// The work of attempts that nobody waits for is done all the same.
func TestQueueWorksForThoseWhoAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 10*ms)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for call := range uint64(10) {
			if met := q.meet(ctx, arrival{call: call}); met != gone {
				t.Fatalf("call %d met %d", call, met)
			}
		}
		start := time.Now()
		if met := q.meet(t.Context(), arrival{call: 10}); met != served {
			t.Errorf("the one who waits met %d", met)
		}
		if waited := time.Since(start); waited < 88*ms {
			t.Errorf("it was answered after %v, before the work of the ten that came first was done", waited)
		}
	})
}

func TestQueueTakesTheServiceTimeOfTheBeginning(t *testing.T) {
	q := newQueue(1, 0)
	q.service = func(at time.Duration) time.Duration {
		if at >= 50*ms {
			return 100 * ms
		}
		return 10 * ms
	}
	for call := range uint64(7) { // of which 50 ms are worked off at the old pace
		q.join(arrival{call: call})
	}
	if end := q.join(arrival{call: 8}); end < 180*ms {
		t.Errorf("the line is worked off at %v, as if nothing had slowed down", end)
	}
}

// The capacity of the brown-out's upstream is above the load before and after
// it, and below the load during it.
func TestBrownOutIsAboveItsCapacity(t *testing.T) {
	c := course{seed: 5, duration: 20 * time.Second}
	q := brownOut(4, 4*time.Millisecond, 500).behaviour(c, 0)
	f := func(at, least, most time.Duration) {
		t.Helper()
		if service := q.(*queue).service(at); service < least || service > most {
			t.Errorf("at %v an attempt takes %v", at, service)
		}
	}
	f(3999*ms, 4*ms, 4*ms)
	f(4000*ms, 24*ms, 24*ms)
	f(7999*ms, 24*ms, 24*ms)
	f(8000*ms, 4*ms, 4*ms)
}

func TestCarelessServesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := func(h habits, want fate, after time.Duration) {
			t.Helper()
			start := time.Now()
			b := careless{habits: func(time.Duration) habits { return h }}
			if met := b.meet(t.Context(), arrival{}); met != want || time.Since(start) != after {
				t.Errorf("met %d after %v, want %d after %v", met, time.Since(start), want, after)
			}
		}
		f(habits{median: 8 * ms}, served, 8*ms)
		f(habits{median: 8 * ms, shed: 1}, shed, 2*ms)
		f(habits{median: 8 * ms, drop: 1}, dropped, 2*ms)
		f(habits{median: 8 * ms, stall: 1}, stalled, stallBound)
		f(habits{median: 8 * ms, slow: slowness{share: 1, least: 200 * ms}}, served, 208*ms)
	})
}

// What a scenario's replicas do to attempts, drawn many times.
func TestHabitsOfScenarios(t *testing.T) {
	const attempts = 50_000
	c := course{seed: 3, warmUp: 2 * time.Second, duration: 40 * time.Second}
	f := func(sc scenario, at time.Duration, want map[fate]float64, late float64) {
		t.Helper()
		b := sc.behaviour(c, 1).(careless)
		counts, slow := make(map[fate]float64), 0.0
		for call := range uint64(attempts) {
			met, latency := b.habits(at).draw(dice(b.seed, b.replica, arrival{call: call, attempt: 1}))
			counts[met] += 1.0 / attempts
			if met == served && latency >= 200*ms {
				slow += 1.0 / attempts
			}
		}
		for met, share := range want {
			if math.Abs(counts[met]-share) > 0.005 {
				t.Errorf("%s at %v: fate %d for %.4f of the attempts, want %.4f", sc.name, at, met, counts[met], share)
			}
		}
		if math.Abs(slow-late) > 0.003 {
			t.Errorf("%s at %v: %.4f of the attempts are 200 ms late, want %.4f", sc.name, at, slow, late)
		}
	}
	f(slow(), 0, map[fate]float64{served: 1}, 0.02)
	f(slowAndFailing(), 0, map[fate]float64{served: 0.95, dropped: 0.025, shed: 0.025}, 0.019)
	f(step(), 11*time.Second, map[fate]float64{served: 1}, 0)
	f(step(), 13*time.Second, map[fate]float64{served: 0.8, stalled: 0.1, shed: 0.1}, 0)
	f(step(), 26*time.Second, map[fate]float64{served: 0.8, stalled: 0.1, shed: 0.1}, 0)
	f(step(), 28*time.Second, map[fate]float64{served: 1}, 0)
}
