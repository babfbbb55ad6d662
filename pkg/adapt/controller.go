package adapt

import (
	"math"
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
	missed   atomic.Uint32            // calls, since the last tick
	trust    atomic.Int32             // further attempts that may still fail before the next tick
	pushed   atomic.Int64             // Unix nanoseconds until which the upstream asked to be left alone
	budget   *budget.Budget

	mu       sync.Mutex // guards what follows; never taken by a request
	settings Settings
	view     *view // nil until a tick has found something: an idle policy costs little memory
}

// mostTrust is how many further attempts may fail before a tick has a say.
const mostTrust = 20

// New returns a controller that has learned nothing. Further attempts are paid for
// from the budget.
func New(s Settings, b *budget.Budget) *Controller {
	c := &Controller{settings: s, budget: b}
	c.trust.Store(mostTrust)
	c.plan.Store(c.decide())
	return c
}

// Update puts other settings in force at once. What was learned stays.
func (c *Controller) Update(s Settings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settings = s
	if !s.Adaptive && c.view != nil {
		c.budget.Pace(0, 0, c.view.ticked) // only ticks of an adaptive policy set one
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

// Admit says whether a further attempt of a call may be sent, and takes its token. The draw is a random number from 0 to below 1: a plan may send only
// a share of some attempts.
func (c *Controller) Admit(p *Plan, a hedge.Ask, draw float64, now time.Time) hedge.Reason {
	if p.Adaptive && (now.UnixNano() < c.pushed.Load() || p.trusting && c.trust.Load() <= 0) {
		return hedge.Overload
	}
	// A call may be older than what the last tick saw.
	if p.Adaptive && a.Trigger == hedge.Stagger && c.plan.Load().Rule == Stopped {
		return hedge.Overload
	}
	if !p.Draws(a, draw) {
		return hedge.Draw
	}
	return c.Replace(now)
}

// Replace says whether an attempt may be sent in the place of one of which nothing
// was sent, and takes its token. It is no load more than the plan has, so that
// nothing else holds it back.
func (c *Controller) Replace(now time.Time) hedge.Reason {
	if !c.budget.Take(now) {
		return hedge.Budget
	}
	return hedge.Admitted
}

// Observe counts the end of an attempt of that age. It costs an atomic addition,
// and for a further attempt a second one.
func (c *Controller) Observe(t hedge.Trigger, k Kind, elapsed time.Duration) {
	r := c.recorder.Load()
	if r == nil {
		c.recorder.CompareAndSwap(nil, new(recorder))
		r = c.recorder.Load()
	}
	r.add(t, k, elapsed)
	if t == hedge.Initial {
		return
	}
	switch k {
	case Success:
		c.believe(1)
	case Failure, Expired:
		c.trust.Add(-1)
	}
}

// believe raises the trust, up to its most.
func (c *Controller) believe(by int32) {
	for {
		t := c.trust.Load()
		if t >= mostTrust || c.trust.CompareAndSwap(t, min(t+by, mostTrust)) {
			return
		}
	}
}

// Missed counts a call that ended without an accepted answer in time.
func (c *Controller) Missed() { c.missed.Add(1) }

// Pushback tells that the upstream asked to be left alone for so long: the gate
// shuts at once, and no further attempt is admitted until then.
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
	v.follow(s, &news{
		now: now, ends: &seen, first: first,
		missed: int(c.missed.Swap(0)), pushed: now.UnixNano() < c.pushed.Load(), budget: c.budget.Status(now),
	})
	next, before := v.decide(s), c.plan.Load()
	if s.Adaptive {
		c.budget.Pace(v.pace(next))
		if open := v.gate.open(); open > 0 {
			c.believe(int32(math.Ceil(open * refill)))
		}
	}
	c.plan.Store(next)
	return next.Plan != before.Plan || next.FairWait != before.FairWait
}

// refill is the trust that a tick gives back while the gate is open.
const refill = float64(mostTrust)
