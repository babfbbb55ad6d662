package adapt

import (
	"math"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

const ms = time.Millisecond

// says wants words in a plan's reason.
func (p *Plan) says(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(p.Reason, w) {
			t.Errorf("reason is %q, want %q in it", p.Reason, w)
		}
	}
}

func TestColdPlanIsOneFurtherAttempt(t *testing.T) {
	f := func(mode Mode, gap time.Duration) {
		t.Helper()
		s := adaptive()
		s.FanOut, s.Mode, s.Fixed, s.Quantile = 5, mode, 20*ms, 0.9
		c := New(s, purse())
		answer(c, 49, 10*ms)
		c.Tick(epoch)
		p := c.Plan()
		if p.State != Cold || p.Rule != Given || p.FanOut != 2 || p.Hedges != 1 || p.Retries != 0 || p.Learned || p.Gaps[0] != gap || p.Gaps[1] != hedge.Never {
			t.Errorf("%v: cold plan is %+v", mode, p)
		}
	}
	f(Auto, 150*ms)
	f(Quantile, 150*ms)
	f(Fixed, 20*ms)
}

// One failed call is no reason to leave the calls of a new policy to themselves.
func TestFirstFewFailuresDoNotStopAColdPlan(t *testing.T) {
	c := New(adaptive(), purse())
	c.Observe(hedge.Initial, Failure, ms)
	c.Tick(epoch)
	if p := c.Plan(); p.State != Cold || p.Hedges != 1 {
		t.Errorf("after the first call failed: %s", p.Reason)
	}
	for range 49 {
		c.Observe(hedge.Initial, Failure, ms)
	}
	c.Tick(epoch.Add(tick))
	if p := c.Plan(); p.State != OverloadCorrelated || p.FanOut != 1 {
		t.Errorf("after the first fifty failed: %s", p.Reason)
	}
}

func TestSteadyUpstreamCostsNothing(t *testing.T) {
	w := meet(adaptive(), 10, 1)
	w.sigma = 0.1
	w.run(20 * time.Second)
	if seen := w.run(10 * time.Second); seen.further > 0 || seen.success() < 1 {
		t.Errorf("%d further attempts, success %.4f", seen.further, seen.success())
	}
	p := w.Plan()
	if p.State != Steady || p.Rule != TargetMet || p.Hedges != 0 || p.Figures.Cost != 0 || p.Figures.FailureRate > 0.0001 {
		t.Errorf("plan is %+v", p)
	}
	p.says(t, "steady, target-met: no hedge", "planned success 99.99")
}

// A tenth is lost: the target of 0.9999 takes four attempts, of which the further
// ones cost 0.1 + 0.01 + 0.001.
func TestSilentLossIsHedgedAsNeeded(t *testing.T) {
	s := adaptive()
	s.Deadline, s.FanOut, s.Target, s.Initial = 100*ms, 5, 0.9999, 50*ms
	w := meet(s, 25, 1)
	w.median, w.silent = 5*ms, 0.1
	w.run(20 * time.Second)
	seen := w.run(20 * time.Second)
	if seen.success() < 0.9995 || seen.load() < 0.1 || seen.load() > 0.14 {
		t.Errorf("success %.4f at %.4f extra load", seen.success(), seen.load())
	}
	p := w.Plan()
	if p.Hedges < 3 || p.Figures.Planned < 0.9998 || math.Abs(p.Figures.FailureRate-0.1) > 0.02 || p.Figures.Explicit != 0 {
		t.Errorf("plan is %+v", p)
	}
}

func TestFailuresAreRetriedAsNeeded(t *testing.T) {
	f := func(failing float64, fanOut, retries int) {
		t.Helper()
		s := adaptive()
		s.FanOut = fanOut
		w := meet(s, 100, 1)
		w.failing = failing
		w.run(20 * time.Second)
		seen := w.run(5 * time.Second)
		p := w.Plan()
		if p.Retries != retries || p.RetryShare != 1 {
			t.Errorf("of %v failing: %s", failing, p.Reason)
		}
		want := 1 - math.Pow(failing, float64(retries+1))
		if math.Abs(seen.success()-want) > 0.003 {
			t.Errorf("of %v failing %.4f succeed, want %.4f", failing, seen.success(), want)
		}
	}
	f(0.01, 5, 1) // 0.01² is below half of the 0.001 that may be lost
	f(0.1, 5, 3)  // 0.1³ is not, 0.1⁴ is
	f(0.1, 3, 2)
}

func TestRetriesAreDrawnWhereTheBudgetDoesNotPay(t *testing.T) {
	w := meet(adaptive(), 10, 1)
	w.failing = 0.3
	w.run(60 * time.Second) // the stock is spent
	seen := w.run(10 * time.Second)
	p := w.Plan()
	if p.Rule != BudgetBound || p.RetryShare <= 0 || p.RetryShare >= 0.5 || p.Hedges != 0 {
		t.Errorf("plan is %s", p.Reason)
	}
	if math.Abs(p.Figures.Cost-p.Figures.Budget) > 1e-9 || math.Abs(seen.load()-0.1) > 0.02 {
		t.Errorf("planned cost %.3f of %.3f, extra load %.3f", p.Figures.Cost, p.Figures.Budget, seen.load())
	}
	p.says(t, "budget-bound", "of failures")
}

// queueing is a world whose requests have begun to queue, with failures that
// are retried.
func queueing(percent float64) *world {
	w := meet(adaptive(), percent, 1)
	w.failing = 0.05
	w.run(20 * time.Second)
	w.median *= 4
	w.run(2 * tick)
	return w
}

func TestShutGateStopsHedgesAndKeepsARetry(t *testing.T) {
	w := queueing(100)
	p := w.Plan()
	if p.State != OverloadQueueing || p.Rule != Stopped || p.Hedges != 0 || p.Retries != 1 || p.FanOut != 2 || p.Figures.Gate != 0 {
		t.Errorf("plan is %s", p.Reason)
	}
	if f := p.Figures; math.Abs(f.Cost-f.Explicit) > 1e-9 || f.Planned <= 1-f.FailureRate || f.Planned > 1 {
		t.Errorf("figures are %+v", f)
	}
	p.says(t, "overload-queueing, stopped: no hedge, up to 1 retry;")

	if p = queueing(2).Plan(); p.State != OverloadQueueing || p.RetryShare >= 0.6 || math.Abs(p.Figures.Cost-p.Figures.Budget) > 1e-9 {
		t.Errorf("where the budget does not pay for a retry of each failure: %s", p.Reason)
	}
}

func TestShutGateStopsRetriesThatDoBadly(t *testing.T) {
	w := queueing(100)
	w.view.further.observed[hedge.Failure] = 0.5 * w.view.further.expected[hedge.Failure]
	w.Update(adaptive())
	if p := w.Plan(); p.State != OverloadQueueing || p.Retries != 0 || p.FanOut != 1 || p.Figures.Cost != 0 {
		t.Errorf("plan is %s", p.Reason)
	}
}

func TestFailingFurtherAttemptsStopAll(t *testing.T) {
	w := meet(adaptive(), 100, 1)
	w.run(10 * time.Second)
	w.failing = 0.9
	w.run(time.Second)
	p := w.Plan()
	if p.State != OverloadCorrelated || p.Rule != Stopped || p.FanOut != 1 {
		t.Errorf("plan is %s", p.Reason)
	}
	p.says(t, "overload-correlated, stopped: no hedge, no retry;")
	w.failing = 0
	w.run(3 * time.Second)
	if p = w.Plan(); p.Rule == Stopped {
		t.Errorf("3 s after: %s", p.Reason)
	}
}

// With a stagger of its own an adaptive policy leaves only the number to the controller.
func TestAdaptiveNumberAtGivenGaps(t *testing.T) {
	f := func(mode Mode, silent float64, least, most int, gap time.Duration) {
		t.Helper()
		s := adaptive()
		s.FanOut, s.Mode, s.Fixed, s.Quantile = 6, mode, 30*ms, 0.95
		w := meet(s, 50, 1)
		w.silent = silent
		w.run(15 * time.Second)
		p := w.Plan()
		if p.Hedges < least || p.Hedges > most || p.State != Steady || p.Rule != TargetMet {
			t.Errorf("%v, %v lost: %s", mode, silent, p.Reason)
		}
		for _, g := range p.Gaps[:p.Hedges] {
			near(t, mode.String()+": gap", g, gap, 0.05)
		}
	}
	p95 := time.Duration(10e6 * math.Exp(0.3*1.645))
	f(Fixed, 0, 0, 0, 0)
	f(Fixed, 0.1, 2, 3, 30*ms)
	f(Fixed, 0.02, 1, 2, 30*ms)
	f(Quantile, 0, 0, 0, 0)
	f(Quantile, 0.1, 2, 3, p95)
}

func TestGivenNumberAtGapsThatAreFound(t *testing.T) {
	s := adaptive()
	s.Adaptive, s.FanOut = false, 4
	f := func(silent, percent float64) {
		t.Helper()
		w := meet(s, percent, 1)
		w.silent = silent
		if p := w.Plan(); p.Hedges != 3 || p.Gaps[2] != 150*ms {
			t.Errorf("cold plan is %+v", p)
		}
		w.run(15 * time.Second)
		p := w.Plan()
		if !p.Learned || p.Hedges != 3 || p.FanOut != 4 || p.Gaps[0] >= 150*ms || p.Gaps[3] != hedge.Never {
			t.Errorf("%v lost, budget %v %%: %+v", silent, percent, p)
		}
		p.says(t, "auto, ", "3 hedges after")
	}
	f(0, 10)
	f(0.1, 30)
	f(0.1, 1)
}

// The overload gate is no matter of a plan that is given.
func TestGivenPlansHaveNoState(t *testing.T) {
	for _, mode := range []Mode{Fixed, Quantile, Auto} {
		s := adaptive()
		s.Adaptive, s.Mode, s.Fixed, s.Quantile = false, mode, 20*ms, 0.9
		w := meet(s, 10, 1)
		if p := w.Plan(); p.State != "" || p.Rule != Given {
			t.Errorf("%v: cold plan is %+v", mode, p)
		}
		w.run(3 * time.Second)
		w.failing = 0.95
		w.run(time.Second)
		if p := w.Plan(); p.State != "" || p.Rule == Stopped || p.Hedges != 2 || p.FanOut != 3 {
			t.Errorf("%v: plan is %s", mode, p.Reason)
		}
	}
}

func TestBoundsOfTheStaggerBind(t *testing.T) {
	f := func(least, most time.Duration, bound string) {
		t.Helper()
		s := adaptive()
		s.Min, s.Max = least, most
		w := meet(s, 50, 1)
		w.silent = 0.1
		w.run(15 * time.Second)
		p := w.Plan()
		if p.Hedges == 0 {
			t.Fatalf("no hedge: %s", p.Reason)
		}
		for _, g := range p.Gaps[:p.Hedges] {
			if g < least || most > 0 && g > most {
				t.Errorf("gap %v is not from %v to %v", g, least, most)
			}
		}
		if named := strings.Contains(p.Reason, " binds)"); named != (bound != "") {
			t.Errorf("from %v to %v: %s", least, most, p.Reason)
		}
		p.says(t, bound)
	}
	f(0, 0, "")
	f(120*ms, 0, "(stagger.min binds)")
	f(0, 5*ms, "(stagger.max binds)")
}

// What an attempt timeout ends has failed, and is retried.
func TestAttemptTimeoutTurnsSilenceIntoFailure(t *testing.T) {
	s := adaptive()
	s.AttemptTimeout = 60 * ms
	w := meet(s, 50, 1)
	w.silent = 0.1
	w.run(15 * time.Second)
	p := w.Plan()
	if p.AttemptTimeout != 60*ms || math.Abs(p.Figures.Explicit-0.1) > 0.02 || p.Retries < 1 || p.Figures.Planned < 0.998 {
		t.Errorf("plan is %s", p.Reason)
	}
	seen := w.run(10 * time.Second)
	if seen.success() < 0.998 {
		t.Errorf("success is %.4f", seen.success())
	}
}

func TestUpdateOfAnAdaptivePolicy(t *testing.T) {
	s := adaptive()
	w := meet(s, 50, 1)
	w.silent = 0.1
	w.run(10 * time.Second)
	before, observed := w.Plan(), w.Status().Observed
	s.FanOut, s.Deadline = 2, 200*ms
	w.Update(s)
	p := w.Plan()
	if p == before || p.Hedges > 1 || p.FanOut != 2 {
		t.Errorf("the plan in force is %s", p.Reason)
	}
	if !p.Learned || p.P50 != before.P50 || p.Samples != before.Samples || w.Status().Observed != observed || observed != 5000 {
		t.Errorf("after an update %d are observed, p50 %v of %v samples; before it %d, %v and %v",
			w.Status().Observed, p.P50, p.Samples, observed, before.P50, before.Samples)
	}
}

// The pace is the controller's. An edit that takes the decision away from it takes
// the pace away at once.
func TestPaceEndsWithAdaptivity(t *testing.T) {
	s := adaptive()
	w := meet(s, 10, 1)
	w.run(60 * time.Second)
	drain := func() (taken int) {
		for w.budget.Take(w.now) {
			taken++
		}
		return taken
	}
	stock := w.budget.Status(w.now).Tokens
	paced := drain()
	if paced == 0 || float64(paced) > stock/2 {
		t.Fatalf("%d taken at once of %.0f tokens: there is no pace", paced, stock)
	}
	s.Adaptive = false
	w.Update(s)
	if rest := drain(); math.Abs(float64(rest+paced)-stock) > 1 {
		t.Errorf("%d taken after the edit, of %.0f tokens less %d", rest, stock, paced)
	}
	w.run(tick)
	w.budget.Update(budget.Settings{Percent: 100}, w.now)
	for range 1000 {
		w.budget.Call()
	}
	if got := drain(); got < 990 {
		t.Errorf("%d taken of 1000 after a tick: there is a pace again", got)
	}
}
