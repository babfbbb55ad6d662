package sim

import (
	"hedged.dev/hedged/pkg/hedge"
)

// What follows is pkg/hedge's conduct.go on virtual time, a call at a time: gaps
// count from the newest attempt's start, a hedge that is suppressed uses up its
// gap, a retry does not, and a failure launches the next attempt at once.

// begin starts a call.
func (r *run) begin(id uint64, root int32) {
	i := r.place()
	c := &r.calls[i]
	d := daemonOf(r.seed, id, len(r.daemons))
	plan := r.daemons[d].begin()
	*c = call{
		id: id, root: root, daemon: int32(d), life: c.life,
		began: r.now, deadline: r.now + r.deadline, due: never, wake: never,
		plan: plan, fanOut: int8(min(max(plan.FanOut, 1), hedge.MaxFanOut)),
	}
	r.live++
	r.expiries.add(expiry{at: c.deadline, call: i, life: c.life})
	if r.launch(i, hedge.Initial) != hedge.Admitted {
		r.finish(i, hedge.Lost, false)
		return
	}
	r.takeTime(i)
}

// takeTime does what has come due by now: attempt timeouts, then the next hedge.
func (r *run) takeTime(i int32) {
	c := &r.calls[i]
	if timeout := int64(c.plan.AttemptTimeout); timeout > 0 {
		for n := int8(1); n <= c.launched; n++ {
			if a := &c.attempts[n-1]; a.running && r.now >= a.launched+timeout {
				r.end(i, n, hedge.TimedOut)
				r.failed(i)
				if c.over {
					return
				}
			}
		}
	}
	for r.now >= c.due {
		c.due = never
		if r.further(i, hedge.Stagger) {
			continue
		}
		if c.running == 0 {
			r.finish(i, hedge.Lost, false)
			return
		}
		if c.held && !c.again && c.plan.Again > 0 {
			c.again = true
			c.due = r.now + int64(c.plan.Again)
			continue
		}
		c.rung++ // a suppressed hedge uses up its gap
		r.arm(c)
	}
	r.setWake(i)
}

// setWake enters the instant at which the call is to be looked after next. The
// deadline has a queue of its own.
func (r *run) setWake(i int32) {
	c := &r.calls[i]
	at := c.due
	if timeout := int64(c.plan.AttemptTimeout); timeout > 0 {
		for n := range c.launched {
			if a := &c.attempts[n]; a.running {
				at = min(at, a.launched+timeout)
			}
		}
	}
	if at >= c.deadline {
		at = never
	}
	if at == c.wake {
		return
	}
	c.wake = at
	if at != never {
		r.agenda.add(event{at: at, what: wake, who: attemptID{call: i, life: c.life}})
	}
}

// settle takes the result of an attempt that is under way.
func (r *run) settle(who attemptID, failed bool) {
	i, n := who.call, int8(who.n)
	if !failed {
		r.end(i, n, hedge.Won)
		r.finish(i, hedge.Lost, true)
		return
	}
	r.end(i, n, hedge.Failed)
	r.failed(i)
	if !r.calls[i].over {
		r.takeTime(i)
	}
}

// failed launches the next attempt after one that failed, or ends the call when
// there is nothing left to wait for.
func (r *run) failed(i int32) {
	c := &r.calls[i]
	switch {
	case r.now >= c.deadline:
		r.finish(i, hedge.TimedOut, false)
	case !r.further(i, hedge.Failure) && c.running == 0:
		r.finish(i, hedge.Lost, false)
	}
}

// further launches one more attempt, if that is allowed.
func (r *run) further(i int32, t hedge.Trigger) bool {
	c := &r.calls[i]
	if c.stopped || c.launched >= c.fanOut {
		return false
	}
	if c.deadline-r.now < int64(c.plan.LeastRemaining) {
		c.stopped = true // what remains only shrinks
		return false
	}
	reason := r.launch(i, t)
	c.held = t == hedge.Stagger && reason == hedge.Draw
	return reason == hedge.Admitted
}

// launch sends the next attempt and arms the one after it.
func (r *run) launch(i int32, t hedge.Trigger) hedge.Reason {
	c := &r.calls[i]
	n := int(c.launched) + 1
	endpoint, reason := r.daemons[c.daemon].admit(r, c, n, t)
	if reason != hedge.Admitted {
		return reason
	}
	c.attempts[n-1] = attempt{launched: r.now, endpoint: endpoint, trigger: t, running: true}
	c.launched++
	c.running++
	if t == hedge.Stagger {
		c.rung++
	}
	r.arm(c)
	r.send(i, n)
	return hedge.Admitted
}

// arm sets when the next hedge is due, counted from now.
func (r *run) arm(c *call) {
	c.due = never
	if c.launched < c.fanOut && c.rung < c.fanOut-1 && !c.stopped && c.plan.Gaps[c.rung] >= 0 {
		c.due = r.now + int64(c.plan.Gaps[c.rung])
	}
}

// end records how attempt n ended.
func (r *run) end(i int32, n int8, e hedge.End) {
	c := &r.calls[i]
	a := &c.attempts[n-1]
	a.running = false
	c.running--
	r.daemons[c.daemon].ended(r, c, a, e)
	if e == hedge.Lost || e == hedge.TimedOut {
		r.giveUp(a)
	}
}

// finish ends the call. Attempts still in flight end as others.
func (r *run) finish(i int32, others hedge.End, won bool) {
	c := &r.calls[i]
	c.over = true
	for n := int8(1); n <= c.launched; n++ {
		if c.attempts[n-1].running {
			r.end(i, n, others)
		}
	}
	r.daemons[c.daemon].done(won)
	r.count(c, won)
	c.life++
	r.free = append(r.free, i)
	r.live--
}
