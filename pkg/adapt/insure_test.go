package adapt

import (
	"math"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// By hand: answers take 5 ms, a tenth is lost. Whoever waits after 6 ms waits on, so
// that a hedge which is put off may as well come at once; where the latency has a
// tail, it waits until that costs no more than it may.
func TestAgainComesWhenFewAreLeft(t *testing.T) {
	f := func(what string, c *curve, planned, from, to time.Duration, share, ceiling float64) {
		t.Helper()
		at := instant(c, planned, share, ceiling, true)
		if at < from || at > to {
			t.Errorf("%s: the others are hedged at %v, want %v to %v", what, at, from, to)
		}
	}
	loss := curveOf(5*ms, 0.1, 0.1, 0)
	f("all that wait are lost", loss, 10*ms, 10*ms+1, 11*ms, 0.5, 0)
	f("they cost less than they may", loss, 10*ms, 10*ms+1, 11*ms, 0.5, 0.06)
	tail := curveOf(5*ms, 1, 0, 0)
	f("a tail, for little", tail, 10*ms, 20*ms, 35*ms, 0.5, 0.02)
	f("a tail, for more", tail, 10*ms, 11*ms, 19*ms, 0.5, 0.06)
	f("a tail, for nothing", tail, 10*ms, 40*ms, 90*ms, 0.5, 0)

	// Before hedges have helped, what is not cheap does not come.
	if at := instant(loss, 10*ms, 0.5, 0, false); at != 0 {
		t.Errorf("hedged at %v", at)
	}
	if at := instant(tail, 10*ms, 0.5, 0.02, false); at < 20*ms || at > 35*ms {
		t.Errorf("a tail, for little: hedged at %v", at)
	}
}

// instant is when the calls are hedged that a hedge is not drawn for; 0: never.
func instant(c *curve, planned time.Duration, share, ceiling float64, proven bool) time.Duration {
	g := gridOf(c, 100*time.Millisecond)
	l := ladder{k: 1, share: share}
	l.at[0] = g.nearest(planned)
	if at := g.again(&l, ceiling, proven); at > 0 {
		return g.at[at]
	}
	return 0
}

func TestSparesCostNoMoreThanTheyMay(t *testing.T) {
	g := gridOf(curveOf(5*ms, 1, 0, 0), 100*time.Millisecond)
	f := func(what string, earliest time.Duration, ceiling float64, planned ...time.Duration) time.Duration {
		t.Helper()
		l := ladder{k: len(planned)}
		for i, at := range planned {
			l.at[i] = g.nearest(at)
		}
		i := g.spare(&l, earliest, ceiling)
		if i < 0 {
			return -1
		}
		if cost := g.due(&l, l.k, i); cost > ceiling {
			t.Errorf("%s: it costs %.4f, more than %.4f", what, cost, ceiling)
		}
		if len(planned) > 0 && g.at[i] <= planned[len(planned)-1]-ms || g.at[i] < earliest {
			t.Errorf("%s: it comes at %v", what, g.at[i])
		}
		return g.at[i]
	}
	alone, behind := f("alone", 0, 0.01), f("behind a hedge", 0, 0.01, 15*ms)
	if behind >= alone || behind < 15*ms {
		t.Errorf("at %v behind a hedge, at %v alone", behind, alone)
	}
	if later := f("not before", alone+10*ms, 0.01); later < alone+10*ms {
		t.Errorf("at %v", later)
	}
	if at := f("too late to help", 0, 0.0005); at != -1 {
		t.Errorf("at %v of 100 ms", at)
	}
}

// known is a world whose hedges have answered what was lost, until an hour of calm
// that the controller does not see.
func known(t *testing.T, settings func(*Settings)) *world {
	t.Helper()
	s := adaptive()
	settings(&s)
	w := meet(s, 10, 1)
	w.silent = 0.02
	w.run(30 * time.Second)
	w.silent = 0
	w.run(60 * time.Second)
	return w
}

// The first calls of a peak are under way before a tick has seen it.
func TestTheFirstCallsOfAPeakAreHedged(t *testing.T) {
	w := known(t, func(*Settings) {})
	p := w.Plan()
	if p.Spares == 0 || p.Foreseen() >= p.FanOut && p.Hedges > 0 || p.Figures.Cost > 0.01 {
		t.Fatalf("%d spares: %s", p.Spares, p.Reason)
	}
	p.says(t, "to spare from ")
	w.silent = 0.3
	if seen := w.run(tick); seen.success() < 0.88 {
		t.Errorf("%d of %d calls are answered", seen.answered, seen.calls)
	}
}

// What looks like a loss may be a queue: a hedge must have been seen to help.
func TestNoSparesBeforeHedgesHaveHelped(t *testing.T) {
	w := meet(adaptive(), 10, 1)
	w.run(30 * time.Second)
	if p := w.Plan(); p.Spares > 0 || strings.Contains(p.Reason, "spare") {
		t.Errorf("%s", p.Reason)
	}
	w = known(t, func(*Settings) {})
	w.view.further.observed[hedge.Stagger] = 0.8 * w.view.further.expected[hedge.Stagger]
	w.Update(w.settings)
	if p := w.Plan(); p.Spares > 0 {
		t.Errorf("hedges do worse than first attempts: %s", p.Reason)
	}
}

// A thousand attempts without a failure do not show that one in a thousand fails at
// most: three thousand do.
func TestOneSpareWhileTheTargetIsNotKnownToBeMet(t *testing.T) {
	w := meet(adaptive(), 10, 1)
	w.sigma = 0.1
	for range 70 {
		w.run(tick)
		p, n := w.Plan(), w.view.observed
		if p.Learned && p.Spares != 1 && n < 3000 {
			t.Fatalf("after %d attempts: %d spares, %s", n, p.Spares, p.Reason)
		}
		if p.Spares != 0 && n > 3000 {
			t.Fatalf("after %d attempts: %s", n, p.Reason)
		}
	}
	if w.view.observed <= 3000 {
		t.Errorf("only %d attempts", w.view.observed)
	}
}

func TestSparesKeepTheBounds(t *testing.T) {
	w := known(t, func(s *Settings) { s.FanOut = 2 })
	if p := w.Plan(); p.Hedges+p.Spares > 1 || p.FanOut > 2 {
		t.Errorf("%s", p.Reason)
	}
	w = known(t, func(s *Settings) { s.Min = 80 * ms })
	if p := w.Plan(); p.Spares == 0 || p.Gaps[0] < 80*ms {
		t.Errorf("%v: %s", p.Gaps, p.Reason)
	}
	w = known(t, func(s *Settings) { s.Max = ms })
	if p := w.Plan(); p.Spares > 0 {
		t.Errorf("%v: %s", p.Gaps, p.Reason)
	}
}

// The calls that the last hedge is not drawn for get it later, and it is counted.
func TestWhatIsNotDrawnIsPutOff(t *testing.T) {
	w := meet(adaptive(), 10, 1)
	w.silent = 0.0015 // of which 0.001 may be lost: two in three need no hedge for the target
	var p *Plan
	for range 60 {
		w.run(time.Second)
		if p = w.Plan(); p.Hedges > 0 && p.HedgeShare < 1 && p.Rule == TargetMet {
			break
		}
	}
	if p.HedgeShare == 1 || p.Defer <= 0 {
		t.Fatalf("no hedge is drawn: %s", p.Reason)
	}
	p.says(t, " of calls, in the others after ")
	if p.Figures.Cost > p.Figures.Budget || p.Figures.Planned < 0.999 {
		t.Errorf("%s", p.Reason)
	}
}

// Where requests have queued, hedges begin small until they are seen to help.
func TestHedgesBeginSmallAfterAQueue(t *testing.T) {
	w := meet(adaptive(), 10, 1)
	w.run(20 * time.Second)
	w.median *= 4
	w.run(time.Second)
	if p := w.Plan(); p.State != OverloadQueueing {
		t.Fatalf("the gate is open: %s", p.Reason)
	}
	w.median /= 4
	w.silent = 0.05
	small, full := false, false
	for range 300 {
		w.run(tick)
		p, proven := w.Plan(), w.view.further.proven()
		if p.Hedges == 0 || p.Rule == Stopped {
			continue
		}
		if !proven && p.Figures.Cost > suspected*p.Figures.Budget+1e-9 {
			t.Fatalf("hedges have not helped yet: %s", p.Reason)
		}
		small, full = small || !proven, full || proven && p.Figures.Cost > 0.04
	}
	if !small || !full {
		t.Errorf("hedges began small: %v, and grew: %v; %s", small, full, w.Plan().Reason)
	}
}

// A call that began before the gate shut asks by its old plan.
func TestShutGateStopsTheHedgesOfOlderPlans(t *testing.T) {
	w := meet(adaptive(), 100, 1)
	w.silent = 0.05
	w.run(20 * time.Second)
	old := w.Plan()
	if got := w.Admit(old, hedged(0), 0, w.now); old.Hedges == 0 || got != hedge.Admitted {
		t.Fatalf("%q before: %s", got, old.Reason)
	}
	w.median *= 4
	w.run(2 * tick)
	if p := w.Plan(); p.Rule != Stopped {
		t.Fatalf("the gate is open: %s", p.Reason)
	}
	if got := w.Admit(old, hedged(0), 0, w.now); got != hedge.Overload {
		t.Errorf("a hedge is %q", got)
	}
	if got := w.Admit(old, retried(), 0, w.now); got != hedge.Admitted {
		t.Errorf("a retry is %q: it replaces what is over", got)
	}
	given := *old
	given.Adaptive = false
	if got := w.Admit(&given, hedged(0), 0, w.now); got != hedge.Admitted {
		t.Errorf("a hedge of a plan that is given is %q", got)
	}
}

// What is put off and what is to spare is of the planned cost and success.
func TestInsuranceIsPlanned(t *testing.T) {
	w := known(t, func(*Settings) {})
	p := w.Plan()
	if p.Figures.Planned < 1-p.Figures.FailureRate || p.Figures.Planned > 1 || math.IsNaN(p.Figures.Cost) || p.Figures.Cost <= 0 {
		t.Errorf("%s", p.Reason)
	}
}
