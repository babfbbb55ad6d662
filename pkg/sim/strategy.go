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
func (*fixed) admit(*adapt.Plan, hedge.Ask, float64, time.Time) hedge.Reason {
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

// adaptive is the controller, with its budget.
type adaptive struct {
	controller *adapt.Controller
	budget     *budget.Budget
	terms      terms
	alone      bool // calls have one attempt, as with fanOut.max: 1
}

// terms are what a policy says about further attempts.
type terms struct {
	learn  adapt.Settings
	budget budget.Settings
}

func newAdaptive(t terms, alone bool, now time.Time) *adaptive {
	a := &adaptive{budget: budget.New(t.budget, now), terms: t, alone: alone}
	a.controller = adapt.New(a.settings(), a.budget)
	return a
}

// settings are the controller's.
func (a *adaptive) settings() adapt.Settings {
	s := a.terms.learn
	if a.alone {
		s.FanOut = 1
	}
	return s
}

// edit puts another policy in force, as the daemon does.
func (a *adaptive) edit(t terms, now time.Time) {
	a.terms = t
	a.budget.Update(t.budget, now)
	a.controller.Update(a.settings())
}

func (a *adaptive) restarted(now time.Time) strategy {
	return newAdaptive(a.terms, a.alone, now)
}

func (a *adaptive) begin() *adapt.Plan { return a.controller.Begin() }

func (a *adaptive) admit(p *adapt.Plan, ask hedge.Ask, draw float64, now time.Time) hedge.Reason {
	return a.controller.Admit(p, ask, draw, now)
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

func (a *adaptive) missed() {}

func (a *adaptive) tick(now time.Time) { a.controller.Tick(now) }
