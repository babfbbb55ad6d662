package proxy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/telemetry"
)

// undrawn is a call whose plan sends one hedge and one retry, to next to no call.
func undrawn() *call {
	c := &call{repeats: true, plan: &adapt.Plan{Adaptive: true, Hedges: 1, Retries: 1}}
	c.plan.FanOut, c.plan.Most = 3, 3
	for i := range c.plan.Gaps {
		c.plan.Gaps[i] = hedge.Never
	}
	c.plan.Gaps[0], c.plan.Again = 10*time.Millisecond, 20*time.Millisecond
	settings := budget.Settings{Percent: 100}
	purse := budget.New(settings, time.Now())
	c.route = &route{policy: &policy.Policy{Deadline: time.Second}, state: &state{
		controller: adapt.New(adapt.Settings{Deadline: time.Second, FanOut: 3, Adaptive: true}, purse), ledger: budget.New(settings, time.Now()),
	}}
	return c
}

// The draw is against a hedge once: when it comes due again it is sent.
func TestTheDrawIsAgainstAHedgeOnce(t *testing.T) {
	t.Parallel()
	c := undrawn()
	f := func(trigger hedge.Trigger, want hedge.Reason) {
		t.Helper()
		if got := c.afford(2, trigger); got != want {
			t.Errorf("%s: %q, want %q", trigger, got, want)
		}
	}
	f(hedge.Failure, hedge.Draw)
	f(hedge.Stagger, hedge.Draw)
	f(hedge.Failure, hedge.Draw)
	f(hedge.Stagger, hedge.Admitted)
}

func TestShadowPutsOffWhatIsNotDrawn(t *testing.T) {
	t.Parallel()
	f := func(what string, took time.Duration, failed bool, launched []hedge.Trigger, suppressed ...hedge.Suppression) {
		t.Helper()
		want := &telemetry.Shadow{Launched: launched, Suppressed: suppressed}
		if d := cmp.Diff(want, undrawn().shadow(took, failed)); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	hedged := hedge.Suppression{Number: 2, Trigger: hedge.Stagger, Reason: hedge.Draw}
	f("answered early", 10*time.Millisecond, false, nil)
	f("answered before it is due again", 30*time.Millisecond, false, nil, hedged)
	f("answered later", 31*time.Millisecond, false, []hedge.Trigger{hedge.Stagger}, hedged)
	f("failed later", 31*time.Millisecond, true, []hedge.Trigger{hedge.Stagger}, hedged,
		hedge.Suppression{Number: 3, Trigger: hedge.Failure, Reason: hedge.Draw})
}
