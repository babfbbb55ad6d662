package sim

import (
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// What follows drives hedge.Race, which has the rules, on virtual time.

// begin starts a call.
func (r *run) begin(id uint64, root int32) {
	i := r.place()
	c := &r.calls[i]
	d := daemonOf(r.seed, id, len(r.daemons))
	plan := r.daemons[d].begin()
	c.id, c.root, c.daemon = id, root, int32(d)
	c.began, c.wake, c.plan = r.now, never, plan
	c.race.Start(&plan.Plan, time.Duration(r.deadline))
	r.live++
	r.expiries.add(expiry{at: r.now + r.deadline, call: i, life: c.life})
	r.act(i)
}

// act does what the race asks for, until there is nothing to do but to wait.
func (r *run) act(i int32) {
	c := &r.calls[i]
	age := time.Duration(r.now - c.began)
	for {
		switch a := c.race.Next(age); a.Kind {
		case hedge.Launch:
			endpoint, reason := r.daemons[c.daemon].admit(r, c, a.Ask)
			if reason != hedge.Admitted {
				c.race.Refuse(reason)
				continue
			}
			c.race.Launch(age)
			c.attempts[a.Ask.Number-1] = attempt{endpoint: endpoint}
			r.send(i, a.Ask.Number)
		case hedge.Cancel:
			r.end(c, a.Ask.Number, a.End)
			r.giveUp(&c.attempts[a.Ask.Number-1])
		case hedge.Finish:
			r.finish(i)
			return
		case hedge.Wait:
			r.setWake(i)
			return
		}
	}
}

// setWake enters the instant at which the call is to be looked after next. The
// deadline has a queue of its own.
func (r *run) setWake(i int32) {
	c := &r.calls[i]
	at := int64(never)
	if wake := int64(c.race.Wake()); wake < r.deadline {
		at = c.began + wake
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
	c := &r.calls[who.call]
	result := hedge.Answer{Verdict: hedge.Accepted}
	if failed {
		result.Verdict = hedge.NonFatal
	}
	if end, ok := c.race.Answer(time.Duration(r.now-c.began), int(who.n), result); ok {
		r.end(c, int(who.n), end)
	}
	r.act(who.call)
}

// end tells how attempt n ended.
func (r *run) end(c *call, n int, e hedge.End) { r.daemons[c.daemon].ended(r, c, n, e) }

// finish counts a call whose race is over, and frees its place.
func (r *run) finish(i int32) {
	c := &r.calls[i]
	won := c.race.Cause() == hedge.Decided
	r.daemons[c.daemon].done(won)
	r.count(c, won)
	c.life++
	r.free = append(r.free, i)
	r.live--
}
