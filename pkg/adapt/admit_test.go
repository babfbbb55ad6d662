package adapt

import (
	"testing"
	"time"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

// hedged asks for a hedge as attempt 2, retried for a retry.
func hedged(place int) hedge.Ask {
	return hedge.Ask{Number: 2, Trigger: hedge.Stagger, Place: place}
}

func retried() hedge.Ask { return hedge.Ask{Number: 2, Trigger: hedge.Failure} }

// Of hedges the last one is drawn, of retries each. A hedge is known by its place,
// whatever its number is (case A14).
func TestDraws(t *testing.T) {
	f := func(adaptive bool, hedges int, a hedge.Ask, draw float64, want bool) {
		t.Helper()
		p := Plan{Adaptive: adaptive, Hedges: hedges, HedgeShare: 0.25, RetryShare: 0.5}
		for a.Number = 2; a.Number <= 4; a.Number++ {
			if got := p.Draws(a, draw); got != want {
				t.Errorf("%+v of %d hedges, draw %v: %v, want %v", a, hedges, draw, got, want)
			}
		}
	}
	f(true, 2, hedged(0), 0.99, true)
	f(true, 2, hedged(1), 0.24, true)
	f(true, 2, hedged(1), 0.25, false)
	f(true, 1, hedged(0), 0.25, false)
	f(true, 2, retried(), 0.49, true)
	f(true, 2, retried(), 0.5, false)
	f(true, 2, hedged(2), 0.99, true) // a spare
	f(true, 2, hedge.Ask{Trigger: hedge.Stagger, Place: 1, Deferred: true}, 0.99, true)
	f(false, 2, hedged(1), 0.99, true)
	f(false, 2, retried(), 0.99, true)
	none := Plan{Adaptive: true, Hedges: 1}
	if none.Draws(hedged(0), 0) || !none.Draws(hedge.Ask{Trigger: hedge.Stagger, Deferred: true}, 0) || none.Draws(retried(), 0) {
		t.Error("of none, what was put off is sent, and nothing else")
	}
	whole := Plan{Adaptive: true, Hedges: 1, HedgeShare: 1, RetryShare: 1}
	if !whole.Draws(hedged(0), 0.999999) || !whole.Draws(retried(), 0.999999) {
		t.Error("a share of 1 leaves some out")
	}
}

// admits wants what becomes of a hedge.
func (c *Controller) admits(t *testing.T, what string, now time.Time, want hedge.Reason) {
	t.Helper()
	if got := c.Admit(c.Plan(), hedged(0), 0, now); got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestAdmitTakesATokenOnlyForWhatIsSent(t *testing.T) {
	b := budget.New(budget.Settings{Percent: 10}, epoch) // ten tokens
	c := New(adaptive(), b)
	p := *c.Plan()
	p.HedgeShare = 0.5
	if got := c.Admit(&p, hedged(0), 0.5, epoch); got != hedge.Draw {
		t.Errorf("not drawn: %q", got)
	}
	if taken := b.Status(epoch).Taken; taken != 0 {
		t.Errorf("%d tokens are taken for an attempt that is not drawn", taken)
	}
	for range 10 {
		c.admits(t, "in stock", epoch, hedge.Admitted)
	}
	c.admits(t, "out of stock", epoch, hedge.Budget)
}

func fail(c *Controller, n int) {
	for i := range n {
		c.Observe(hedge.Stagger, []Kind{Failure, Expired}[i%2], 5*time.Millisecond)
	}
}

// No tick is needed to stop a burst into an upstream that has died.
func TestTwentyFailuresStopTheNext(t *testing.T) {
	c := New(adaptive(), purse())
	fail(c, 19)
	for range 100 { // which say nothing
		c.Observe(hedge.Stagger, Censored, time.Millisecond)
		c.Observe(hedge.Initial, Failure, time.Millisecond)
	}
	c.admits(t, "after 19", epoch, hedge.Admitted)
	fail(c, 1)
	c.admits(t, "after 20", epoch, hedge.Overload)
	c.Observe(hedge.Failure, Success, time.Millisecond)
	c.admits(t, "after a success", epoch, hedge.Admitted)
	fail(c, 1)
	c.admits(t, "after one more failure", epoch, hedge.Overload)
}

func TestTrustIsNotHoarded(t *testing.T) {
	c := New(adaptive(), purse())
	for range 100 {
		c.Observe(hedge.Stagger, Success, time.Millisecond)
	}
	fail(c, 20)
	c.admits(t, "after 100 successes and 20 failures", epoch, hedge.Overload)

	c = New(adaptive(), purse())
	answer(c, 100, 20*time.Millisecond)
	fail(c, 5)
	c.Tick(epoch)
	fail(c, 20)
	c.admits(t, "after a tick and 20 failures", epoch, hedge.Overload)
}

// Twenty failures of twenty make an efficacy of 0.5, at which the gate stays open: a
// tick gives all back, or as much as the gate is open. Twenty more shut it.
func TestTickGivesTrustBackWhileTheGateIsOpen(t *testing.T) {
	f := func(rise float64, back int32) {
		t.Helper()
		c := New(adaptive(), purse())
		answer(c, 100, 20*time.Millisecond)
		c.Tick(epoch)
		fail(c, 20)
		c.view.gate.rise = rise
		c.Tick(epoch.Add(tick))
		if got := c.trust.Load(); got != back {
			t.Errorf("with the gate open by %v a tick gives back %d, want %d", c.view.gate.open(), got, back)
		}
		fail(c, 20)
		left := c.trust.Load()
		c.Tick(epoch.Add(2 * tick))
		if p := c.Plan(); p.State != OverloadCorrelated || c.trust.Load() != left {
			t.Errorf("behind a shut gate the trust is %d: %s", c.trust.Load(), p.Reason)
		}
	}
	f(1, 20)
	f(0.1, 3) // a tick opens it by another fiftieth: 0.12 of twenty, rounded up
}

func TestTrustMattersOnlyToAdaptivePlansThatNeedIt(t *testing.T) {
	s := adaptive()
	s.TrustUpstream = true
	c := New(s, purse())
	fail(c, 100)
	c.admits(t, "the policy trusts the upstream", epoch, hedge.Admitted)
	s = adaptive()
	s.Adaptive = false
	c = New(s, purse())
	fail(c, 100)
	c.admits(t, "the plan is given", epoch, hedge.Admitted)
}

func TestPushbackStopsAtOnce(t *testing.T) {
	c := New(adaptive(), purse())
	answer(c, 100, 20*time.Millisecond)
	c.Tick(epoch)
	c.admits(t, "before", epoch, hedge.Admitted)
	c.Pushback(2*time.Second, epoch)
	c.Pushback(time.Second, epoch) // does not shorten it
	c.admits(t, "at once", epoch, hedge.Overload)
	c.admits(t, "until then", epoch.Add(2*time.Second-1), hedge.Overload)
	c.admits(t, "from then on", epoch.Add(2*time.Second), hedge.Admitted)

	answer(c, 1, 20*time.Millisecond)
	if changed := c.Tick(epoch.Add(tick)); !changed || c.Plan().State != OverloadHold || c.Plan().Hedges != 0 {
		t.Errorf("the next plan: %s", c.Plan().Reason)
	}
	s := adaptive()
	s.Adaptive = false
	c.Update(s)
	c.admits(t, "to a plan that is given", epoch, hedge.Admitted)
}
