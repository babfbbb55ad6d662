package adapt

import (
	"testing"
	"time"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

func hedged(place int) hedge.Ask {
	return hedge.Ask{Number: 2, Trigger: hedge.Stagger, Place: place}
}

func retried() hedge.Ask { return hedge.Ask{Number: 2, Trigger: hedge.Failure} }

// Only the first hedge of a call is sampled, and only once. A hedge is known by its place,
// whatever its number is (case A14).
func TestSampled(t *testing.T) {
	f := func(adaptive bool, a hedge.Ask, draw float64, want bool) {
		t.Helper()
		p := Plan{Adaptive: adaptive, Hedges: 2, HedgeShare: 0.25}
		for a.Number = 2; a.Number <= 4; a.Number++ {
			if got := p.Sampled(a, draw); got != want {
				t.Errorf("%+v, draw %v: %v, want %v", a, draw, got, want)
			}
		}
	}
	f(true, hedged(0), 0.24, true)
	f(true, hedged(0), 0.25, false)
	f(true, hedged(1), 0.99, true)
	f(true, retried(), 0.99, true)
	f(true, hedge.Ask{Trigger: hedge.Stagger, Deferred: true}, 0.99, true)
	f(false, hedged(0), 0.99, true)
	whole := Plan{Adaptive: true, Hedges: 1, HedgeShare: 1}
	if !whole.Sampled(hedged(0), 0.999999) {
		t.Error("a share of 1 leaves some out")
	}
	none := Plan{Adaptive: true, Hedges: 1}
	if none.Sampled(hedged(0), 0) {
		t.Error("a share of 0 sends some")
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
		t.Errorf("a hedge that is not sampled: %q", got)
	}
	if taken := b.Status(epoch).Taken; taken != 0 {
		t.Errorf("%d tokens are taken for an attempt that is not sent", taken)
	}
	for range 10 {
		c.admits(t, "in stock", epoch, hedge.Admitted)
	}
	c.admits(t, "out of stock", epoch, hedge.Budget)
	if got := c.Replace(epoch); got != hedge.Budget {
		t.Errorf("a replacement out of stock: %q", got)
	}
}

// What replaces an attempt of which nothing was sent is no load: neither the pace nor a
// stop holds it back.
func TestReplaceIsHeldBackByTheStockAlone(t *testing.T) {
	b := budget.New(budget.Settings{Percent: 10}, epoch)
	c := New(adaptive(), b)
	b.Pace(leastPace, 0, epoch)
	c.Pushback(time.Minute, epoch)
	if got := c.Replace(epoch); got != hedge.Admitted {
		t.Errorf("a replacement: %q", got)
	}
	if taken := b.Status(epoch).Taken; taken != 1 {
		t.Errorf("%d tokens are taken, want 1", taken)
	}
}

func TestPushbackStopsAtOnce(t *testing.T) {
	c := New(adaptive(), purse())
	answer(c, 100, 20*ms)
	c.Tick(epoch)
	c.admits(t, "before", epoch, hedge.Admitted)
	c.Pushback(2*time.Second, epoch)
	c.Pushback(time.Second, epoch) // does not shorten it
	c.admits(t, "at once", epoch, hedge.Overload)
	if got := c.Admit(c.Plan(), retried(), 0, epoch); got != hedge.Overload {
		t.Errorf("a retry at once: %q", got)
	}
	c.admits(t, "until then", epoch.Add(2*time.Second-1), hedge.Overload)
	c.admits(t, "from then on", epoch.Add(2*time.Second), hedge.Admitted)

	answer(c, 1, 20*ms)
	if changed := c.Tick(epoch.Add(tick)); !changed || c.Plan().State != Pushback || c.Plan().Rule != Stopped || c.Plan().Hedges != 0 {
		t.Errorf("the next plan: %+v", c.Plan())
	}
	answer(c, 1, 20*ms)
	if c.Tick(epoch.Add(2 * time.Second)); c.Plan().Hedges == 0 {
		t.Errorf("when it is over: %s", c.Plan().Reason)
	}
	s := adaptive()
	s.Adaptive = false
	c.Update(s)
	c.Pushback(time.Minute, epoch)
	c.admits(t, "to a plan that is given", epoch, hedge.Admitted)
}

// A call that began under an earlier plan is held to what is known by now.
func TestStoppedHoldsForCallsUnderAnOlderPlan(t *testing.T) {
	c := New(adaptive(), purse())
	answer(c, 100, 20*ms)
	c.Tick(epoch)
	older := c.Plan()
	c.collapse(epoch)
	if c.Plan().Rule != Stopped {
		t.Fatalf("the plan is not to hedge, and it says %q", c.Plan().Reason)
	}
	now := epoch.Add(time.Minute)
	if got := c.Admit(older, hedged(0), 0, now); got != hedge.Overload {
		t.Errorf("a hedge under the older plan: %q", got)
	}
	if got := c.Admit(older, retried(), 0, now); got != hedge.Admitted {
		t.Errorf("a retry under the older plan: %q", got)
	}
	given := *older
	given.Adaptive = false
	if got := c.Admit(&given, hedged(0), 0, now); got != hedge.Admitted {
		t.Errorf("a hedge under a plan that is given: %q", got)
	}
}

// collapse has the controller see an upstream that answers ten times as slowly, and
// hedges that do badly with it.
func (c *Controller) collapse(now time.Time) {
	for i := range 20 {
		for range 50 {
			c.Begin()
			c.Observe(hedge.Initial, Success, 100*ms)
			c.Observe(hedge.Stagger, Expired, 250*ms)
		}
		c.Tick(now.Add(time.Duration(i+1) * tick))
	}
}
