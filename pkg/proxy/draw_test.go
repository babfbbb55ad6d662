package proxy

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/telemetry"
)

// unsampled is a call whose plan sends its first hedge when due in no call, and a second one in all.
func unsampled() *call {
	c := &call{repeats: true, plan: &adapt.Plan{Adaptive: true, Hedges: 2}}
	c.plan.FanOut, c.plan.Most = 3, 3
	for i := range c.plan.Gaps {
		c.plan.Gaps[i] = hedge.Never
	}
	c.plan.Gaps[0], c.plan.Gaps[1], c.plan.Defer = 10*time.Millisecond, 200*time.Millisecond, 20*time.Millisecond
	settings := budget.Settings{Percent: 100}
	purse := budget.New(settings, time.Now())
	c.route = &route{policy: &policy.Policy{Deadline: time.Second}, state: &state{
		controller: adapt.New(adapt.Settings{Deadline: time.Second, FanOut: 3, Adaptive: true}, purse), ledger: budget.New(settings, time.Now()),
	}}
	return c
}

// A hedge is sampled once, and by its place: when it comes due again it is sent, and
// after a retry it is sampled as it would have been before (case A14).
func TestAHedgeIsSampledOnceAndByItsPlace(t *testing.T) {
	t.Parallel()
	c := unsampled()
	f := func(ask hedge.Ask, want hedge.Reason) {
		t.Helper()
		if got := c.afford(ask); got != want {
			t.Errorf("%+v: %q, want %q", ask, got, want)
		}
	}
	f(hedge.Ask{Number: 2, Trigger: hedge.Failure}, hedge.Admitted)
	f(hedge.Ask{Number: 2, Trigger: hedge.Stagger}, hedge.Draw)
	f(hedge.Ask{Number: 3, Trigger: hedge.Stagger}, hedge.Draw)
	f(hedge.Ask{Number: 3, Trigger: hedge.Stagger, Deferred: true}, hedge.Admitted)
	f(hedge.Ask{Number: 2, Trigger: hedge.Stagger, Place: 1}, hedge.Admitted)
}

// sampled is a call whose attempts need no endpoint: the first fails, the others hang.
type sampled struct {
	*call
	asked []hedge.Ask
}

func (s *sampled) Admit(a hedge.Ask) hedge.Reason {
	s.asked = append(s.asked, a)
	if a.Number == 1 {
		return hedge.Admitted
	}
	return s.afford(a)
}

func (s *sampled) Run(ctx context.Context, n int) hedge.Result[*http.Response] {
	if n > 1 {
		<-ctx.Done()
	}
	return hedge.Result[*http.Response]{Verdict: hedge.NonFatal, Err: errors.New("failed")}
}

func (*sampled) Ended(hedge.Attempt) {}

// Case A14: the plan's first hedge is sent in no call. After a retry it is attempt 3, and
// sampled all the same.
func TestA14AHedgeAfterARetryIsSampledAsPlanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sampled{call: unsampled()}
		s.plan.Gaps[1], s.plan.Defer = hedge.Never, 0
		o := hedge.DoInline(t.Context(), &s.plan.Plan, time.Now().Add(time.Second), hedge.Caller[*http.Response](s))
		want := []hedge.Ask{{Number: 1}, {Number: 2, Trigger: hedge.Failure}, {Number: 3, Trigger: hedge.Stagger}}
		if d := cmp.Diff(want, s.asked); d != "" {
			t.Errorf("asked (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]hedge.Suppression{{Number: 3, Trigger: hedge.Stagger, Reason: hedge.Draw}}, o.Suppressed); d != "" || o.Launched != 2 {
			t.Errorf("%d launched, suppressed (-want +got):\n%s", o.Launched, d)
		}
		o.Release()
	})
}

func TestShadowDefersWhatIsNotSampled(t *testing.T) {
	t.Parallel()
	f := func(what string, took time.Duration, failed bool, launched []hedge.Trigger, suppressed ...hedge.Suppression) {
		t.Helper()
		want := &telemetry.Shadow{Launched: launched, Suppressed: suppressed}
		if d := cmp.Diff(want, unsampled().shadow(took, failed)); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	hedged := hedge.Suppression{Number: 2, Trigger: hedge.Stagger, Reason: hedge.Draw}
	f("answered early", 10*time.Millisecond, false, nil)
	f("answered before it is due again", 30*time.Millisecond, false, nil, hedged)
	f("answered later", 31*time.Millisecond, false, []hedge.Trigger{hedge.Stagger}, hedged)
	f("failed later", 31*time.Millisecond, true, []hedge.Trigger{hedge.Stagger, hedge.Failure}, hedged)
}
