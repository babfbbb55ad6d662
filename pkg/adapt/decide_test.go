package adapt

import (
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// withMode are settings that leave whether and how many to the controller, by mode.
func withMode(m Mode) Settings {
	s := adaptive()
	s.Deadline, s.Mode, s.Fixed, s.Quantile = 500*ms, m, 15*ms, 0.9
	return s
}

// Whatever the mode, an adaptive plan stops where the upstream queues, and a plan that is
// not adaptive hedges every call.
func TestEveryModeFollowsTheSameWhether(t *testing.T) {
	for _, m := range []Mode{Fixed, Quantile, Auto} {
		f := func(adaptive bool, want int) {
			t.Helper()
			s := withMode(m)
			s.Adaptive = adaptive
			c := New(s, purse())
			answer(c, 100, 20*ms)
			c.Tick(epoch)
			c.collapse(epoch)
			if p := c.Plan(); p.Hedges != want || p.HedgeShare != 1 && p.Hedges > 0 {
				t.Errorf("mode %v, adaptive is %v: %s", m, adaptive, p.Reason)
			}
		}
		f(true, 0)
		f(false, 2)
	}
}

// A stagger that is given costs what it costs: where that is more than the budget pays for,
// a share of the calls has it, and the others are hedged late.
func TestGivenStaggersAreSentInAShare(t *testing.T) {
	f := func(m Mode, percent float64, bound bool) {
		t.Helper()
		s := withMode(m)
		s.Fixed, s.Quantile = 8*ms, 0.5
		w := meet(s, percent, 1)
		w.run(5 * time.Second)
		p := w.Plan()
		if (p.HedgeShare < 1) != bound || (p.Rule == BudgetBound) != bound || p.Defer <= 0 {
			t.Errorf("mode %v with a budget of %v %%: a share of %.2f: %s", m, percent, p.HedgeShare, p.Reason)
		}
		if m == Fixed && p.Gaps[0] != s.Fixed {
			t.Errorf("the given stagger is %v", p.Gaps[0])
		}
		if seen := w.run(5 * time.Second); seen.load() > percent/100*1.3+0.01 {
			t.Errorf("mode %v: %.3f further attempts a call of a budget of %v %%", m, seen.load(), percent)
		}
	}
	f(Fixed, 10, true)
	f(Fixed, 300, false)
	f(Quantile, 10, true)
	f(Quantile, 300, false)
}

func TestPlansThatAreNotAdaptiveHaveNoState(t *testing.T) {
	for _, m := range []Mode{Fixed, Quantile, Auto} {
		s := withMode(m)
		s.Adaptive = false
		w := meet(s, 1, 1) // whatever the budget pays for
		w.run(2 * time.Second)
		if p := w.Plan(); p.State != "" || p.Rule != Given || p.Hedges != 2 || p.HedgeShare != 1 || !p.Learned {
			t.Errorf("mode %v: %+v", m, p)
		}
	}
}

func TestTheFirstPlanHedgesAlready(t *testing.T) {
	f := func(m Mode, initial, want time.Duration) {
		t.Helper()
		s := withMode(m)
		s.Initial = initial
		p := New(s, purse()).Plan()
		if p.State != Cold || p.Rule != Given || p.Hedges != 2 || p.FanOut != 3 || p.Gaps[0] != want || p.Gaps[2] != hedge.Never {
			t.Errorf("mode %v: %+v", m, p)
		}
	}
	f(Fixed, 0, 15*ms)
	f(Quantile, 40*ms, 40*ms)
	f(Auto, 40*ms, 40*ms)
	f(Auto, 0, InitialStagger(500*ms))
}

func TestBoundsOfTheStaggerBind(t *testing.T) {
	f := func(least, most time.Duration, bound string) {
		t.Helper()
		s := withMode(Auto)
		s.Min, s.Max = least, most
		w := meet(s, 10, 1)
		w.answer = w.heavy(5*ms, 0.02, 200*ms)
		w.run(time.Second)
		p := w.Plan()
		if p.bound != bound || p.Gaps[0] < least || p.Gaps[1] < least || most > 0 && p.Gaps[0] > most {
			t.Errorf("between %v and %v: %v, bound by %q: %s", least, most, p.Gaps[0], p.bound, p.Reason)
		}
	}
	f(ms, 0, "")
	f(ms, 2*ms, "stagger.max")
	f(200*ms, 0, "stagger.min") // later than a retry would come
}

// While all endpoints are slower than they were, none is marked for it.
func TestFairWait(t *testing.T) {
	c := New(adaptive(), purse())
	if got := c.Plan().FairWait; got != c.settings.Deadline/2 {
		t.Errorf("before anything is known a fair wait is %v", got)
	}
	answer(c, 100, 20*ms)
	c.Tick(epoch)
	if p := c.Plan(); p.FairWait < p.P50*waiting || p.FairWait > c.settings.Deadline {
		t.Errorf("a fair wait is %v for a median of %v", p.FairWait, p.P50)
	}
	c.collapse(epoch)
	if got := c.Plan().FairWait; got <= c.settings.Deadline {
		t.Errorf("while all is slow a fair wait is %v", got)
	}
}

func TestAttemptTimeoutTurnsSilenceIntoFailure(t *testing.T) {
	s := adaptive()
	s.AttemptTimeout = 50 * ms
	w := meet(s, 10, 1)
	w.answer = w.lossy(10*ms, 0.03, 0)
	w.run(5 * time.Second)
	p := w.Plan()
	if p.AttemptTimeout != 50*ms || p.Figures.Explicit < 0.01 || p.Figures.Planned < 0.99 {
		t.Errorf("%+v", p)
	}
}

// The policy vouches for the upstream: what slows it is not its load.
func TestATrustedUpstreamIsAlwaysHedged(t *testing.T) {
	for _, trust := range []bool{false, true} {
		s := adaptive()
		s.TrustUpstream = trust
		c := New(s, purse())
		answer(c, 100, 20*ms)
		c.Tick(epoch)
		c.collapse(epoch)
		if p := c.Plan(); p.Hedges > 0 != trust {
			t.Errorf("trust is %v: %s", trust, p.Reason)
		}
	}
}
