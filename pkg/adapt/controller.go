package adapt

import (
	"sync"
	"sync/atomic"
	"time"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

// Controller makes the plans of one policy and upstream. It is safe for concurrent use.
type Controller struct {
	plan     atomic.Pointer[Plan]
	recorder atomic.Pointer[recorder] // nil until the first end
	pushed   atomic.Int64             // Unix nanoseconds until which the upstream asked to be left alone
	budget   *budget.Budget

	mu       sync.Mutex // guards what follows; never taken by a request
	settings Settings
	view     *view // nil until a tick has found something: an idle policy costs little memory
}

// New returns a controller that has learned nothing. Further attempts are paid for
// from the budget.
func New(s Settings, b *budget.Budget) *Controller {
	c := &Controller{settings: s, budget: b}
	c.plan.Store(c.decide())
	return c
}

// Update puts other settings in force at once. What was learned stays.
func (c *Controller) Update(s Settings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settings = s
	if c.view != nil && c.view.learned() {
		c.view.prospect.lay(c.view, &c.settings)
	}
	if !s.Adaptive && c.view != nil {
		c.budget.Pace(0, 0, c.view.ticked)
	}
	c.plan.Store(c.decide())
}

// decide makes the plan that follows from what is known. The caller holds mu, if
// others have the controller already.
func (c *Controller) decide() *Plan {
	if c.view == nil {
		return new(view).decide(&c.settings)
	}
	return c.view.decide(&c.settings)
}

// Begin counts a call and returns the plan that it is carried out by.
func (c *Controller) Begin() *Plan {
	c.budget.Call()
	return c.plan.Load()
}

// Plan returns the plan in force, never nil.
func (c *Controller) Plan() *Plan { return c.plan.Load() }

// Admit says whether a further attempt of a call may be sent, and takes its token. The
// draw is a random number from 0 to below 1: a plan may send only a share of the first
// hedges when they are due.
func (c *Controller) Admit(p *Plan, a hedge.Ask, draw float64, now time.Time) hedge.Reason {
	// A call may be older than what the last tick saw.
	if p.Adaptive && (now.UnixNano() < c.pushed.Load() || a.Trigger == hedge.Stagger && c.plan.Load().Rule == Stopped) {
		return hedge.Overload
	}
	if !p.Sampled(a, draw) {
		return hedge.Draw
	}
	if !c.budget.Take(p.Adaptive && (a.Trigger == hedge.Stagger || p.paced), now) {
		return hedge.Budget
	}
	return hedge.Admitted
}

// Replace says whether an attempt may be sent in the place of one of which nothing
// was sent, and takes its token. It is no load more than the plan has, so that
// nothing else holds it back.
func (c *Controller) Replace(now time.Time) hedge.Reason {
	if !c.budget.Take(false, now) {
		return hedge.Budget
	}
	return hedge.Admitted
}

// Observe counts the end of an attempt of that age. It costs one atomic addition, and the
// budget's lock for a hedge that succeeded as quickly as most answers come: it has helped,
// so that the pace lets another one go.
func (c *Controller) Observe(t hedge.Trigger, k Kind, elapsed time.Duration) {
	r := c.recorder.Load()
	if r == nil {
		c.recorder.CompareAndSwap(nil, new(recorder))
		r = c.recorder.Load()
	}
	r.add(t, k, elapsed)
	if t == hedge.Stagger && k == Success {
		if p := c.plan.Load(); p.Adaptive && elapsed <= p.quick {
			c.budget.Return()
		}
	}
}

// Pushback tells that the upstream asked to be left alone for so long: no further
// attempt is admitted until then.
func (c *Controller) Pushback(wait time.Duration, now time.Time) {
	until := now.Add(wait).UnixNano()
	for {
		pushed := c.pushed.Load()
		if until <= pushed || c.pushed.CompareAndSwap(pushed, until) {
			return
		}
	}
}

// Tick takes up what was observed since the last tick and publishes the plan
// that follows. It reports whether calls will now do something else. A tick that
// finds nothing forgets nothing either: an idle policy keeps what it learned.
func (c *Controller) Tick(now time.Time) (changed bool) {
	r := c.recorder.Load()
	if r == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var seen ends
	first, further := r.take(&seen)
	if first+further == 0 {
		return false
	}
	if c.view == nil {
		c.view = new(view)
	}
	v, s := c.view, &c.settings
	v.follow(s, &news{now: now, ends: &seen, first: first, pushed: now.UnixNano() < c.pushed.Load(), budget: c.budget.Status(now)})
	next, before := v.decide(s), c.plan.Load()
	if s.Adaptive {
		perCall, most := v.pace(s)
		c.budget.Pace(max(perCall, leastPace), most, now)
	}
	c.plan.Store(next)
	return next.Plan != before.Plan || next.FairWait != before.FairWait
}

// leastPace is a pace at which nothing is sent: 0 would take the bound away.
const leastPace = 1e-9
