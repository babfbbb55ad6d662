package hedge_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/hedge"
)

// expects compares what the race asks for until it waits or is over. Every Launch is
// launched but for those whose number is refused.
func expects(t *testing.T, r *hedge.Race, now time.Duration, refuse hedge.Reason, want ...hedge.Action) {
	t.Helper()
	var got []hedge.Action
	for {
		a := r.Next(now)
		got = append(got, a)
		switch {
		case a.Kind == hedge.Wait || a.Kind == hedge.Finish:
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("at %v (-want +got):\n%s", now, d)
			}
			return
		case a.Kind == hedge.Launch && refuse != hedge.Admitted:
			r.Refuse(refuse)
		case a.Kind == hedge.Launch:
			r.Launch(now)
		}
	}
}

func launch(n int, t hedge.Trigger, place int) hedge.Action {
	return hedge.Action{Kind: hedge.Launch, Ask: hedge.Ask{Number: n, Trigger: t, Place: place}}
}

func suppress(n int, t hedge.Trigger, place int, reason hedge.Reason) hedge.Action {
	return hedge.Action{Kind: hedge.Suppress, Ask: hedge.Ask{Number: n, Trigger: t, Place: place}, Reason: reason}
}

var (
	waits    = hedge.Action{Kind: hedge.Wait}
	finishes = hedge.Action{Kind: hedge.Finish}
)

// Case A13: a wait that leaves no time for a retry ends the call at once when nothing
// is in flight; with an attempt in flight it launches nothing, and that one may still win.
func TestA13APushbackBeyondTheDeadlineEndsTheRace(t *testing.T) {
	f := func(least, wait time.Duration, atOnce bool) {
		t.Helper()
		plan := gaps(3, 50*ms)
		plan.LeastRemaining = least
		var r hedge.Race
		r.Start(plan, 300*ms)
		expects(t, &r, 0, "", launch(1, hedge.Initial, 0), waits)
		r.Answer(5*ms, 1, hedge.Answer{Verdict: hedge.NonFatal, HasValue: true, Wait: wait})
		if !atOnce {
			expects(t, &r, 5*ms, "", waits)
			if got := r.Wake(); got != 5*ms+wait {
				t.Errorf("waits until %v, want %v", got, 5*ms+wait)
			}
			return
		}
		expects(t, &r, 5*ms, "", suppress(2, hedge.Failure, 0, hedge.NoTime), finishes)
		if r.Cause() != hedge.Exhausted || r.Best() != 1 {
			t.Errorf("%v with answer %d, want the bad answer in hand", r.Cause(), r.Best())
		}
	}
	f(0, time.Minute, true)
	f(0, 295*ms, true)
	f(0, 294*ms, false)
	f(100*ms, 196*ms, true)
	f(100*ms, 195*ms, false)

	var r hedge.Race
	r.Start(gaps(4, 50*ms), 300*ms)
	expects(t, &r, 0, "", launch(1, hedge.Initial, 0), waits)
	expects(t, &r, 50*ms, "", launch(2, hedge.Stagger, 0), waits)
	r.Answer(60*ms, 1, hedge.Answer{Verdict: hedge.NonFatal, HasValue: true, Wait: time.Minute})
	expects(t, &r, 60*ms, "", suppress(3, hedge.Failure, 0, hedge.NoTime), waits)
	if got := r.Wake(); got != 300*ms {
		t.Errorf("something is due at %v", got)
	}
	r.Answer(200*ms, 2, hedge.Answer{Verdict: hedge.NonFatal})
	expects(t, &r, 200*ms, hedge.Breaker, launch(3, hedge.Failure, 0), suppress(3, hedge.Failure, 0, hedge.Breaker), finishes)
}

func TestA13ThroughTheDriver(t *testing.T) {
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: 5 * ms, verdict: hedge.NonFatal, wait: time.Minute})
		o := do(t.Context(), gaps(3, 50*ms), in(300*ms), s)
		if took := time.Since(s.begun); took != 5*ms || o.Value != 1 || o.Verdict != hedge.NonFatal {
			t.Errorf("outcome %+v at %v", o, took)
		}
		if d := cmp.Diff([]hedge.Suppression{{2, hedge.Failure, hedge.NoTime}}, o.Suppressed); d != "" {
			t.Errorf("suppressed (-want +got):\n%s", d)
		}
		o.Release()
		synctest.Wait()
		if err := s.balance(o); err != nil {
			t.Error(err)
		}
	})
}

// A retry that waits for a pushback takes the place of the next hedge's gap. When it is
// refused, the hedge gets its gap from then on.
func TestARefusedRetryGivesTheHedgeItsGap(t *testing.T) {
	var r hedge.Race
	r.Start(gaps(4, 50*ms), time.Second)
	expects(t, &r, 0, "", launch(1, hedge.Initial, 0), waits)
	expects(t, &r, 50*ms, "", launch(2, hedge.Stagger, 0), waits)
	r.Answer(60*ms, 1, hedge.Answer{Verdict: hedge.NonFatal, Wait: 70 * ms})
	expects(t, &r, 100*ms, "", waits)
	expects(t, &r, 130*ms, hedge.Budget, launch(3, hedge.Failure, 0), suppress(3, hedge.Failure, 0, hedge.Budget), waits)
	expects(t, &r, 180*ms, "", launch(3, hedge.Stagger, 1), waits)
}

// Case A14: a hedge that is due after a retry is the plan's first one still, and its
// admission is asked for as such.
func TestA14AHedgeAfterARetryKeepsItsPlace(t *testing.T) {
	plan := gaps(5, 10*ms)
	plan.Defer = 30 * ms
	var r hedge.Race
	r.Start(plan, time.Second)
	expects(t, &r, 0, "", launch(1, hedge.Initial, 0), waits)
	r.Answer(5*ms, 1, hedge.Answer{Verdict: hedge.NonFatal})
	expects(t, &r, 5*ms, "", launch(2, hedge.Failure, 0), waits)
	expects(t, &r, 15*ms, hedge.Draw, launch(3, hedge.Stagger, 0), suppress(3, hedge.Stagger, 0, hedge.Draw), waits)
	r.Answer(20*ms, 2, hedge.Answer{Verdict: hedge.NonFatal})
	expects(t, &r, 20*ms, "", launch(3, hedge.Failure, 1), waits)
	again := launch(4, hedge.Stagger, 0)
	again.Ask.Deferred = true // it was sampled before the retry
	expects(t, &r, 30*ms, "", again, waits)
	expects(t, &r, 40*ms, hedge.Draw, launch(5, hedge.Stagger, 1), suppress(5, hedge.Stagger, 1, hedge.Draw), waits)
	expects(t, &r, 50*ms, "", launch(5, hedge.Stagger, 2), waits)
}

func TestA14ThroughTheDriver(t *testing.T) {
	both(t, func(t *testing.T, do do) {
		s := play(try{takes: 5 * ms, verdict: hedge.NonFatal}, try{takes: time.Hour})
		o := do(t.Context(), gaps(4, 10*ms), in(100*ms), s)
		want := []hedge.Ask{
			{Number: 1, Trigger: hedge.Initial}, {Number: 2, Trigger: hedge.Failure},
			{Number: 3, Trigger: hedge.Stagger}, {Number: 4, Trigger: hedge.Stagger, Place: 1},
		}
		if d := cmp.Diff(want, s.asked); d != "" {
			t.Errorf("asked (-want +got):\n%s", d)
		}
		o.Release()
	})
}
