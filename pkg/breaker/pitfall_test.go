package breaker

import (
	"testing"
	"testing/synctest"
	"time"
)

// P1: a cancelled loser is not a failure.
func TestP1LostAttemptsNeverOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		for range 100_000 {
			attempts(b, Neutral, 1)
			pass(time.Millisecond)
		}
		want(t, b, Closed)
		if s := b.Status(); s.Failures != 0 || s.ConsecutiveFailures != 0 {
			t.Errorf("status is %+v", s)
		}
	})
}

// P2: losers do not dilute the failure rate.
func TestP2LostAttemptsDoNotDiluteTheRatio(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := settings()
		cfg.ConsecutiveFailures = 0
		b := New(cfg)
		for range 9 {
			attempts(b, Success, 1)
			attempts(b, Failure, 1)
			attempts(b, Neutral, 100)
		}
		want(t, b, Closed) // 18 marks: the 900 neutral ones do not make them enough
		attempts(b, Success, 1)
		attempts(b, Failure, 1)
		want(t, b, Open) // 10 of 20, not of 920
	})
}

// Nor do they interrupt a run of failures.
func TestP2LostAttemptsDoNotBreakTheRow(t *testing.T) {
	b := New(settings())
	for range 5 {
		attempts(b, Failure, 1)
		attempts(b, Neutral, 10)
	}
	want(t, b, Open)
}

// halfOpen returns a breaker that waits for its one probe. Inside a bubble.
func halfOpen(t *testing.T) *Breaker {
	t.Helper()
	b := New(settings())
	attempts(b, Failure, 5)
	pass(10*time.Second + 1)
	want(t, b, HalfOpen)
	return b
}

// P23: a probe that ends neutral says nothing, and frees its slot.
func TestP23NeutralProbeFreesItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := halfOpen(t)
		for range 100 {
			p, ok := b.Allow()
			if !ok {
				t.Fatal("the slot of a neutral probe was not given back")
			}
			if _, second := b.Allow(); second {
				t.Fatal("two probes at once")
			}
			p.Done(Neutral)
			want(t, b, HalfOpen)
		}
		attempts(b, Success, 1)
		want(t, b, Closed)
	})
}

// P23: giving a probe back twice frees one slot, not two.
func TestP23ProbeIsGivenBackOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := halfOpen(t)
		first, _ := b.Allow()
		first.Done(Neutral)
		second, ok := b.Allow()
		first.Done(Neutral) // would make room for a second probe
		if _, third := b.Allow(); !ok || third {
			t.Errorf("second probe %v, third %v, want only the second", ok, third)
		}
		second.Done(Neutral)
	})
}

// P23: looking at the state claims no slot, however often.
func TestP23StateClaimsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := halfOpen(t)
		for range 100 {
			b.State()
			b.Status()
		}
		if attempts(b, Success, 1) != 1 {
			t.Error("no slot is left")
		}
	})
}

// P23: the hook that mirrors gobreaker's state runs under gobreaker's lock. If
// it asked for the state, the first transition would hang for ever.
func TestP23TransitionsDoNotDeadlock(t *testing.T) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		cfg := settings()
		cfg.OpenFor = time.Nanosecond
		b := New(cfg)
		for range 100 {
			attempts(b, Failure, 5)  // opens
			attempts(b, Success, 1)  // half-open at once, and closes
			attempts(b, Neutral, 10) // whatever it is
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("deadlock")
	}
}

// P23: what was let through before the breaker changed its state has no say
// afterwards, in whichever state that is.
func TestP23ResultOfAnEarlierPhaseIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		var early []Permit
		for range 20 {
			p, _ := b.Allow()
			early = append(early, p)
		}
		attempts(b, Failure, 5)
		want(t, b, Open)
		early[0].Done(Success)
		want(t, b, Open)
		pass(10*time.Second + 1)
		early[1].Done(Success) // not a probe
		early[2].Done(Failure)
		want(t, b, HalfOpen)
		probe, ok := b.Allow()
		if !ok {
			t.Fatal("an early result took the probe's slot")
		}
		probe.Done(Success)
		want(t, b, Closed)
		for _, p := range early[3:] {
			p.Done(Failure) // of the last time it was closed, not of this one
		}
		want(t, b, Closed)
		if s := b.Status(); s.Failures != 0 {
			t.Errorf("status is %+v", s)
		}
	})
}

// P23: so has a probe of an earlier half-open phase.
func TestP23LateProbeIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := settings()
		cfg.HalfOpenAttempts = 2
		b := New(cfg)
		attempts(b, Failure, 5)
		pass(10*time.Second + 1)
		late, _ := b.Allow()
		attempts(b, Failure, 1)
		want(t, b, Open)
		pass(10*time.Second + 1)
		late.Done(Failure)
		want(t, b, HalfOpen)
		if attempts(b, Success, 2) != 2 {
			t.Error("the late probe kept a slot")
		}
		want(t, b, Closed)
	})
}
