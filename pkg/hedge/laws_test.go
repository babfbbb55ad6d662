package hedge_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/hedge"
)

func TestLaw1EveryValueIsReturnedOrDiscardedOnce(t *testing.T) {
	both(t, func(t *testing.T, do do) {
		// Attempts 1 and 2 answer badly, 3 wins, 4 comes too late with a value.
		s := play(
			try{takes: 50 * ms, verdict: hedge.NonFatal},
			try{takes: 45 * ms, verdict: hedge.NonFatal},
			try{takes: 80 * ms},
			try{takes: 90 * ms, deaf: 20 * ms},
		)
		o := do(t.Context(), gaps(4, 10*ms), in(time.Second), s)
		if o.Value != 3 || o.Winner != 3 || o.Verdict != hedge.Accepted {
			t.Fatalf("outcome %+v", o)
		}
		if err := s.contexts[2].Err(); err != nil {
			t.Errorf("the winner's context ended before its value was consumed: %v", err)
		}
		o.Release()
		o.Release()
		synctest.Wait()
		<-time.After(time.Second) // virtual: the deaf loser comes to its end
		if err := s.balance(o); err != nil {
			t.Error(err)
		}
	})
}

func TestLaw2TheWinnerWaitsForNoLoser(t *testing.T) {
	t.Run("a loser that ignores its cancellation", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := play(try{takes: time.Hour, deaf: 500 * ms}, try{takes: 5 * ms})
			o := hedge.Do(t.Context(), gaps(2, 10*ms), in(time.Second), s)
			if took := time.Since(s.begun); took != 15*ms {
				t.Errorf("the winner came at %v, want 15ms", took)
			}
			o.Release()
			<-time.After(time.Second)
			if err := s.balance(o); err != nil {
				t.Error(err)
			}
		})
	})
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: time.Hour}, try{takes: time.Hour}, try{takes: 5 * ms})
		o := do(t.Context(), gaps(3, 10*ms), in(time.Second), s)
		if took := time.Since(s.begun); took != 25*ms {
			t.Errorf("the winner came at %v, want 25ms", took)
		}
		o.Release()
		synctest.Wait()
		if err := s.balance(o); err != nil {
			t.Error(err)
		}
	})
}

func TestLaw3EveryAttemptHasOneEnd(t *testing.T) {
	type want struct {
		End      hedge.End
		Elapsed  time.Duration
		Deadline bool
	}
	for _, tt := range []struct {
		name     string
		plan     *hedge.Plan
		deadline time.Duration
		gone     time.Duration
		tries    []try
		want     []want
	}{
		{"won", gaps(2, 10*ms), time.Second, 0, []try{{takes: 5 * ms}}, []want{{hedge.Won, 5 * ms, false}}},
		{
			"lost", gaps(2, 10*ms), time.Second, 0, []try{{takes: time.Hour}, {takes: 5 * ms}},
			[]want{{hedge.Lost, 15 * ms, false}, {hedge.Won, 5 * ms, false}},
		},
		{
			"failed", gaps(2, 50*ms), time.Second, 0, []try{{takes: 5 * ms, verdict: hedge.NonFatal}, {takes: 7 * ms, verdict: hedge.Fatal}},
			[]want{{hedge.Failed, 5 * ms, false}, {hedge.Failed, 7 * ms, false}},
		},
		{
			"timed out by the attempt timeout", &hedge.Plan{FanOut: 2, AttemptTimeout: 20 * ms, Gaps: gaps(2, hedge.Never).Gaps}, time.Second, 0,
			[]try{{takes: time.Hour}, {takes: 5 * ms}},
			[]want{{hedge.TimedOut, 20 * ms, false}, {hedge.Won, 5 * ms, false}},
		},
		{
			"timed out by the deadline", gaps(2, 10*ms), 30 * ms, 0, []try{{takes: time.Hour}},
			[]want{{hedge.TimedOut, 30 * ms, true}, {hedge.TimedOut, 20 * ms, true}},
		},
		{
			"client gone", gaps(2, 10*ms), time.Second, 25 * ms, []try{{takes: time.Hour}},
			[]want{{hedge.ClientGone, 25 * ms, false}, {hedge.ClientGone, 15 * ms, false}},
		},
		{
			"rejected before it was sent", gaps(2, 10*ms), time.Second, 0, []try{{verdict: hedge.NotSent, empty: true}, {takes: 5 * ms}},
			[]want{{hedge.Rejected, 0, false}, {hedge.Won, 5 * ms, false}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			both(t, func(t *testing.T, do do) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.gone > 0 {
					time.AfterFunc(tt.gone, cancel)
				}
				s := play(tt.tries...)
				o := do(ctx, tt.plan, in(tt.deadline), s)
				var got []want
				for n := 1; n <= o.Launched; n++ {
					a := s.end(t, n)
					got = append(got, want{a.End, a.Elapsed, a.Deadline})
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Errorf("ends (-want +got):\n%s", d)
				}
				o.Release()
				synctest.Wait()
				if err := s.balance(o); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestLaw4AFailureLaunchesTheNextAtOnce(t *testing.T) {
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: 5 * ms, verdict: hedge.NonFatal}, try{takes: 100 * ms})
		o := do(t.Context(), gaps(3, 50*ms), in(time.Second), s)
		// The ladder goes on from the newest attempt: 5, then 5+50.
		if d := cmp.Diff([]time.Duration{0, 5 * ms, 55 * ms}, s.launched); d != "" {
			t.Errorf("launches (-want +got):\n%s", d)
		}
		if got := s.end(t, 2).Trigger; got != hedge.Failure {
			t.Errorf("attempt 2 was triggered by %v", got)
		}
		if got := s.end(t, 3).Trigger; got != hedge.Stagger {
			t.Errorf("attempt 3 was triggered by %v", got)
		}
		o.Release()
	})
}

// A plan of two hedges keeps both, however many retries come between them.
func TestLaw4ARetryUsesUpNoGap(t *testing.T) {
	plan := &hedge.Plan{FanOut: 5}
	plan.Gaps = gaps(5, hedge.Never).Gaps
	plan.Gaps[0], plan.Gaps[1] = 20*ms, 30*ms
	failsIn := func(d time.Duration) try { return try{takes: d, verdict: hedge.NonFatal} }
	f := func(launched []time.Duration, triggers []hedge.Trigger, tries ...try) {
		t.Helper()
		both(t, func(t *testing.T, do do) {
			s := play(tries...)
			o := do(t.Context(), plan, in(200*ms), s)
			if d := cmp.Diff(launched, s.launched); d != "" {
				t.Errorf("launches (-want +got):\n%s", d)
			}
			for i, want := range triggers {
				if got := s.end(t, i+1).Trigger; got != want {
					t.Errorf("attempt %d was launched for %v, want %v", i+1, got, want)
				}
			}
			o.Release()
		})
	}
	hangs := try{takes: time.Hour}
	f([]time.Duration{0, 20 * ms, 50 * ms},
		[]hedge.Trigger{hedge.Initial, hedge.Stagger, hedge.Stagger}, hangs)
	f([]time.Duration{0, 5 * ms, 25 * ms, 55 * ms},
		[]hedge.Trigger{hedge.Initial, hedge.Failure, hedge.Stagger, hedge.Stagger}, failsIn(5*ms), hangs)
	f([]time.Duration{0, 20 * ms, 25 * ms, 55 * ms},
		[]hedge.Trigger{hedge.Initial, hedge.Stagger, hedge.Failure, hedge.Stagger}, hangs, failsIn(5*ms), hangs)
	f([]time.Duration{0, 5 * ms, 10 * ms, 15 * ms, 35 * ms}, // the fan-out bounds hedges and retries together
		[]hedge.Trigger{hedge.Initial, hedge.Failure, hedge.Failure, hedge.Failure, hedge.Stagger},
		failsIn(5*ms), failsIn(5*ms), failsIn(5*ms), hangs)
}

// What was never sent was no load: another attempt takes its place, although the
// plan has none, up to the most.
func TestLaw4WhatWasNotSentDoesNotCount(t *testing.T) {
	f := func(want int, tries ...try) {
		t.Helper()
		both(t, func(t *testing.T, do do) {
			s := play(tries...)
			o := do(t.Context(), &hedge.Plan{FanOut: 1, Most: 3}, in(time.Second), s)
			if o.Launched != want {
				t.Errorf("launched %d, want %d", o.Launched, want)
			}
			o.Release()
			synctest.Wait()
			if err := s.balance(o); err != nil {
				t.Error(err)
			}
		})
	}
	refused, failed := try{verdict: hedge.NonFatal, empty: true, unsent: true}, try{verdict: hedge.NonFatal}
	f(1, failed, try{})
	f(2, refused, try{})
	f(2, refused, failed, try{})
	f(3, refused, refused, try{})
	f(3, refused, refused, refused, try{})
	f(1, try{verdict: hedge.Fatal, empty: true, unsent: true}, try{})
}

func TestLaw4AFatalAnswerEndsTheCall(t *testing.T) {
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: time.Hour}, try{takes: 5 * ms, verdict: hedge.Fatal})
		o := do(t.Context(), gaps(3, 10*ms), in(time.Second), s)
		if o.Value != 2 || o.Verdict != hedge.Fatal || o.Launched != 2 || time.Since(s.begun) != 15*ms {
			t.Errorf("outcome %+v at %v", o, time.Since(s.begun))
		}
		o.Release()
	})
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: 5 * ms, verdict: hedge.Fatal, empty: true})
		o := do(t.Context(), gaps(3, 10*ms), in(time.Second), s)
		if o.HasValue || o.Launched != 1 || !errors.Is(o.Err, hedge.ErrExhausted) || !errors.Is(o.Err, errBroken) {
			t.Errorf("outcome %+v", o)
		}
	})
}

func TestLaw4TheBestBadAnswerIsReturned(t *testing.T) {
	both(t, func(t *testing.T, do do) { // the latest answer beats the later error
		s := play(try{takes: 5 * ms, verdict: hedge.NonFatal}, try{takes: 5 * ms, verdict: hedge.NonFatal}, try{takes: 5 * ms, verdict: hedge.NonFatal, empty: true})
		o := do(t.Context(), gaps(3, 50*ms), in(time.Second), s)
		if o.Value != 2 || o.Verdict != hedge.NonFatal || o.Err != nil {
			t.Errorf("outcome %+v", o)
		}
		if s.contexts[1].Err() != nil || s.contexts[0].Err() == nil {
			t.Error("only the returned answer's context may be alive")
		}
		o.Release()
		synctest.Wait()
		if err := s.balance(o); err != nil {
			t.Error(err)
		}
	})
	both(t, func(t *testing.T, do do) { // also at the deadline
		s := play(try{takes: 5 * ms, verdict: hedge.NonFatal}, try{takes: time.Hour})
		o := do(t.Context(), gaps(2, 50*ms), in(100*ms), s)
		if o.Value != 1 || !o.HasValue || time.Since(s.begun) != 100*ms {
			t.Errorf("outcome %+v at %v", o, time.Since(s.begun))
		}
		o.Release()
	})
}

func TestP7AFastBadAnswerDoesNotWin(t *testing.T) {
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: 15 * ms}, try{takes: 1 * ms, verdict: hedge.NonFatal})
		o := do(t.Context(), gaps(2, 10*ms), in(time.Second), s)
		if o.Value != 1 || time.Since(s.begun) != 15*ms {
			t.Errorf("outcome %+v at %v", o, time.Since(s.begun))
		}
		o.Release()
	})
}

func TestLaw5ARefusalTouchesNothingInFlight(t *testing.T) {
	both(t, func(t *testing.T, do do) { // P10: the attempt in flight goes on
		s := play(try{takes: 100 * ms}, try{refuse: hedge.Budget})
		o := do(t.Context(), gaps(3, 10*ms), in(time.Second), s)
		if o.Value != 1 || o.Launched != 1 || time.Since(s.begun) != 100*ms {
			t.Errorf("outcome %+v at %v", o, time.Since(s.begun))
		}
		want := []hedge.Suppression{{2, hedge.Stagger, hedge.Budget}, {2, hedge.Stagger, hedge.Budget}}
		if d := cmp.Diff(want, o.Suppressed); d != "" {
			t.Errorf("suppressed (-want +got):\n%s", d)
		}
		o.Release()
	})
	both(t, func(t *testing.T, do do) { // P10: and does not hang to its deadline when nothing is in flight
		s := play(try{takes: 10 * ms, verdict: hedge.NonFatal, empty: true}, try{refuse: hedge.Breaker})
		o := do(t.Context(), gaps(3, 50*ms), in(time.Second), s)
		if time.Since(s.begun) != 10*ms || !errors.Is(o.Err, hedge.ErrExhausted) || !errors.Is(o.Err, errBroken) {
			t.Errorf("outcome %+v at %v", o, time.Since(s.begun))
		}
	})
	both(t, func(t *testing.T, do do) {
		s := play(try{refuse: hedge.NoEndpoint})
		o := do(t.Context(), gaps(3, 50*ms), in(time.Second), s)
		if o.Launched != 0 || !errors.Is(o.Err, hedge.ErrRefused) || len(s.ends) != 0 {
			t.Errorf("outcome %+v", o)
		}
	})
}

// A hedge that is refused for Draw or Budget comes due once more, with its place unused.
func TestADeferredHedgeComesDueOnceMore(t *testing.T) {
	f := func(plan *hedge.Plan, later time.Duration, launched []time.Duration, suppressed int, tries ...try) {
		t.Helper()
		p := *plan
		p.Defer = later
		both(t, func(t *testing.T, do do) {
			s := play(tries...)
			o := do(t.Context(), &p, in(200*ms), s)
			if d := cmp.Diff(launched, s.launched); d != "" {
				t.Errorf("launched (-want +got):\n%s", d)
			}
			if len(o.Suppressed) != suppressed {
				t.Errorf("suppressed are %v", o.Suppressed)
			}
			o.Release()
		})
	}
	hangs := try{takes: time.Hour}
	held := try{takes: time.Hour, held: 1}
	f(gaps(2, 10*ms), 40*ms, []time.Duration{0, 50 * ms}, 1, hangs, held)
	f(gaps(3, 10*ms), 40*ms, []time.Duration{0, 50 * ms, 60 * ms}, 1, hangs, held, hangs)
	f(gaps(3, 10*ms), 0, []time.Duration{0, 20 * ms}, 1, hangs, held) // or else its gap is used up
	f(gaps(2, 10*ms), 40*ms, []time.Duration{0}, 2, hangs, try{held: 5})
	f(gaps(2, 10*ms), 190*ms, []time.Duration{0}, 1, hangs, held) // that is the deadline
	// Once in a call: the next hedge uses up its gap.
	f(gaps(4, 10*ms), 40*ms, []time.Duration{0, 50 * ms, 70 * ms}, 2, hangs, held, held)
	f(gaps(2, 10*ms), 40*ms, []time.Duration{0}, 2, hangs, try{refuse: hedge.Budget})
	// Other reasons do not go away.
	f(gaps(2, 10*ms), 40*ms, []time.Duration{0}, 1, hangs, try{refuse: hedge.Breaker})
	// A retry that is launched meanwhile has the hedge wait for its gap.
	f(gaps(3, 10*ms), 40*ms, []time.Duration{0, 30 * ms, 40 * ms}, 1,
		try{takes: 30 * ms, verdict: hedge.NonFatal}, held, hangs)
	// A call that has nothing in flight does not wait for it.
	f(gaps(3, 10*ms), 40*ms, []time.Duration{0}, 2, try{takes: 30 * ms, verdict: hedge.NonFatal}, try{held: 5})
}

func TestLaw6NoAttemptThatCannotFinish(t *testing.T) {
	plan := gaps(4, 30*ms)
	plan.LeastRemaining = 25 * ms
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: time.Hour})
		o := do(t.Context(), plan, in(100*ms), s)
		if d := cmp.Diff([]time.Duration{0, 30 * ms, 60 * ms}, s.launched); d != "" {
			t.Errorf("launches (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]hedge.Suppression{{4, hedge.Stagger, hedge.NoTime}}, o.Suppressed); d != "" {
			t.Errorf("suppressed (-want +got):\n%s", d)
		}
		if !errors.Is(o.Err, hedge.ErrDeadline) {
			t.Errorf("error %v", o.Err)
		}
	})
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: 80 * ms, verdict: hedge.NonFatal})
		o := do(t.Context(), &hedge.Plan{FanOut: 2, Gaps: gaps(2, hedge.Never).Gaps, LeastRemaining: 25 * ms}, in(100*ms), s)
		if o.Launched != 1 || time.Since(s.begun) != 80*ms || o.Suppressed[0].Reason != hedge.NoTime {
			t.Errorf("outcome %+v at %v", o, time.Since(s.begun))
		}
		o.Release()
	})
	both(t, func(t *testing.T, do do) { // a deadline that has passed launches nothing
		s := play(try{})
		if o := do(t.Context(), plan, in(0), s); o.Launched != 0 || !errors.Is(o.Err, hedge.ErrDeadline) {
			t.Errorf("outcome %+v", o)
		}
	})
}

func TestLaw7TheContextIsReadBeforeAFailureIsBelieved(t *testing.T) {
	// The attempts fail because the caller goes: results and ctx.Done are ready
	// together, and chance must not decide what is believed.
	for range 50 {
		both(t, func(t *testing.T, do do) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*ms)
			defer cancel()
			s := play(try{takes: time.Hour})
			plan := gaps(3, 10*ms)
			plan.Gaps[1] = hedge.Never // only a failure that is believed launches a third
			o := do(ctx, plan, in(time.Second), s)
			if !errors.Is(o.Err, hedge.ErrGone) || !errors.Is(o.Err, context.DeadlineExceeded) || o.Launched != 2 {
				t.Fatalf("outcome %+v", o)
			}
			for n := 1; n <= 2; n++ {
				if end := s.end(t, n).End; end != hedge.ClientGone {
					t.Fatalf("attempt %d: %v", n, end)
				}
			}
			synctest.Wait()
			if err := s.balance(o); err != nil {
				t.Error(err)
			}
		})
	}
	both(t, func(t *testing.T, do do) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := play(try{})
		if o := do(ctx, gaps(3, 10*ms), in(time.Second), s); o.Launched != 0 || !errors.Is(o.Err, hedge.ErrGone) {
			t.Errorf("outcome %+v", o)
		}
	})
}

// pool is a Caller over named endpoints, as upstream is.
type pool struct {
	*script
	endpoints []string
	distinct  bool
	used      []string
}

func (p *pool) Admit(a hedge.Ask) hedge.Reason {
	n := a.Number
	if n > len(p.endpoints) && p.distinct {
		return hedge.NoEndpoint
	}
	p.used = append(p.used, p.endpoints[(n-1)%len(p.endpoints)])
	return hedge.Admitted
}

func TestLaw8DifferentEndpointsWhileOneExists(t *testing.T) {
	// The engine's part: it asks before each launch, with the number of the
	// attempt, and takes no for an answer. Which endpoint is upstream's part
	// (TestLaw8 there).
	both(t, func(t *testing.T, do do) {
		p := &pool{script: play(try{takes: 100 * ms}), endpoints: []string{"a", "b"}, distinct: true}
		o := do(t.Context(), gaps(3, 10*ms), in(time.Second), p)
		if d := cmp.Diff([]string{"a", "b"}, p.used); d != "" || o.Launched != 2 || o.Suppressed[0].Reason != hedge.NoEndpoint {
			t.Errorf("used %v, outcome %+v", p.used, o)
		}
		o.Release()
	})
}

func TestLaw9TimeComesFromTheTimePackage(t *testing.T) {
	// An hour's deadline passes at once under virtual time: nothing in the
	// engine reads another clock or sleeps on one.
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: 2 * time.Hour})
		o := do(t.Context(), gaps(2, 20*time.Minute), in(time.Hour), s)
		if took := time.Since(s.begun); took != time.Hour || o.Launched != 2 {
			t.Errorf("took %v, outcome %+v", took, o)
		}
	})
}

func TestP9PushbackRulesTheNextLaunch(t *testing.T) {
	both(t, func(t *testing.T, do do) { // positive: so long, whatever the stagger says
		s := play(try{takes: 5 * ms, verdict: hedge.NonFatal, wait: 70 * ms}, try{takes: 5 * ms})
		o := do(t.Context(), gaps(2, 20*ms), in(time.Second), s)
		if d := cmp.Diff([]time.Duration{0, 75 * ms}, s.launched); d != "" {
			t.Errorf("launches (-want +got):\n%s", d)
		}
		o.Release()
	})
	both(t, func(t *testing.T, do do) { // negative: stop
		s := play(try{takes: 5 * ms, verdict: hedge.NonFatal, wait: -1})
		o := do(t.Context(), gaps(3, 2*ms), in(time.Second), s)
		if o.Launched != 3 || time.Since(s.begun) != 5*ms+4*ms {
			t.Errorf("outcome %+v at %v: what is in flight goes on", o, time.Since(s.begun))
		}
		o.Release()
	})
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: 5 * ms, verdict: hedge.NonFatal, wait: -1})
		o := do(t.Context(), gaps(3, 20*ms), in(time.Second), s)
		if d := cmp.Diff([]hedge.Suppression{{2, hedge.Failure, hedge.Pushback}}, o.Suppressed); d != "" || o.Launched != 1 || time.Since(s.begun) != 5*ms {
			t.Errorf("outcome %+v at %v", o, time.Since(s.begun))
		}
		o.Release()
	})
}

func TestP22CausesAreCancellations(t *testing.T) {
	for _, cause := range []error{hedge.ErrLost, hedge.ErrTimedOut, hedge.ErrReleased} {
		if !errors.Is(cause, context.Canceled) {
			t.Errorf("%v does not wrap context.Canceled", cause)
		}
	}
}

func TestAllAtOnce(t *testing.T) {
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: 30 * ms}, try{takes: 20 * ms}, try{takes: 10 * ms})
		o := do(t.Context(), gaps(3, 0), in(time.Second), s)
		if d := cmp.Diff([]time.Duration{0, 0, 0}, s.launched); d != "" || time.Since(s.begun) != 10*ms {
			t.Errorf("launches (-want +got):\n%s at %v", d, time.Since(s.begun))
		}
		o.Release()
	})
}

func TestFanOutOutOfRange(t *testing.T) {
	both(t, func(t *testing.T, do do) {
		for fanOut, want := range map[int]int{-1: 1, 0: 1, 99: hedge.MaxFanOut} {
			s := play(try{takes: time.Hour})
			if o := do(t.Context(), gaps(fanOut, ms), in(time.Second), s); o.Launched != want {
				t.Errorf("fan-out %d launched %d, want %d", fanOut, o.Launched, want)
			}
		}
	})
}
