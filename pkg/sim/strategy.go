package sim

import (
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

// fixed is a strategy that does the same for every call, without a budget.
type fixed struct{ plan adapt.Plan }

func (f *fixed) begin() *adapt.Plan { return &f.plan }
func (*fixed) admit(*adapt.Plan, int, hedge.Trigger, float64, time.Time) hedge.Reason {
	return hedge.Admitted
}
func (*fixed) ended(hedge.Trigger, hedge.End, time.Duration) {}
func (*fixed) missed()                                       {}
func (*fixed) tick(time.Time)                                {}

// staggered returns a strategy of that fan-out with one gap between all attempts.
func staggered(fanOut int, gap time.Duration) *fixed {
	f := &fixed{}
	f.plan.FanOut = fanOut
	for i := range f.plan.Gaps {
		f.plan.Gaps[i] = gap
	}
	return f
}

// sequential tries one endpoint after the other, each until the time-out. After a
// failure the next attempt follows at once.
func sequential(tries int, timeout time.Duration) *fixed {
	f := staggered(tries, hedge.Never)
	f.plan.AttemptTimeout = timeout
	return f
}

// adaptive is the controller.
type adaptive struct {
	controller *adapt.Controller
}

func newAdaptive(s adapt.Settings, b budget.Settings, now time.Time) *adaptive {
	return &adaptive{controller: adapt.New(s, budget.New(b, now))}
}

func (a *adaptive) begin() *adapt.Plan { return a.controller.Begin() }

func (a *adaptive) admit(p *adapt.Plan, n int, t hedge.Trigger, draw float64, now time.Time) hedge.Reason {
	return a.controller.Admit(p, n, t, draw, now)
}

func (a *adaptive) ended(t hedge.Trigger, e hedge.End, elapsed time.Duration) {
	a.controller.Observe(t, kindTable[e], elapsed)
}

// kindTable says what an end tells of latency.
var kindTable = [...]adapt.Kind{
	hedge.Won:      adapt.Success,
	hedge.Lost:     adapt.Censored,
	hedge.Failed:   adapt.Failure,
	hedge.TimedOut: adapt.Expired,
}

func (a *adaptive) missed() { a.controller.Missed() }

func (a *adaptive) tick(now time.Time) { a.controller.Tick(now) }
