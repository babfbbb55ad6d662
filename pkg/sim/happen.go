package sim

import (
	"time"

	"hedged.dev/hedged/pkg/upstream"
)

// What happens to daemons: the policy is edited, they restart, and they stand still.

// held is something that a daemon sees when it goes on.
type held struct {
	event event
	id    uint64 // of a call that has arrived
	root  int32
}

// plan enters when something happens to daemons.
func (r *run) plan() {
	enter := func(at time.Duration, what kind, which int) {
		r.agenda.add(event{at: int64(at), what: what, who: attemptID{call: int32(which)}})
	}
	for i, e := range r.scenario.Edits {
		enter(e.At, editing, i)
	}
	for i, s := range r.scenario.Restarts {
		enter(s.At, restarting, i)
	}
	for i := range r.pauses.each {
		from, _ := r.pauses.next(i, 0)
		enter(time.Duration(from), pausing, i)
	}
}

// happen carries out what was planned.
func (r *run) happen(e event) {
	which := int(e.who.call)
	switch e.what {
	case editing:
		for _, d := range r.daemons {
			if a, ok := d.strategy.(*adaptive); ok {
				a.edit(r.edits[which], r.time())
			}
		}
	case restarting:
		for _, d := range r.some(r.scenario.Restarts[which].Daemon) {
			d.restart(r.time())
		}
	case pausing:
		r.pause(which)
	case resuming:
		r.resume(r.daemons[which])
	case expiring:
		if r.calls[e.who.call].life == e.who.life {
			r.act(e.who.call)
		}
	}
}

// some returns one of the daemons, counted from 1, or all for 0.
func (r *run) some(which int) []*daemon {
	if which == 0 {
		return r.daemons
	}
	return r.daemons[which-1 : which]
}

// restart makes the daemon forget what it has learned. What is under way goes on.
func (d *daemon) restart(now time.Time) {
	if s, ok := d.strategy.(interface{ restarted(time.Time) strategy }); ok {
		d.strategy = s.restarted(now)
	}
	for i := range d.endpoints {
		d.endpoints[i].score = upstream.Score{}
	}
}

// pause begins the pause of that number that is due, and enters the next one.
func (r *run) pause(which int) {
	_, to := r.pauses.next(which, r.now)
	for i, d := range r.daemons {
		if one := r.scenario.Pauses[which].Daemon; one == 0 || one == i+1 {
			d.until = max(d.until, to)
			r.agenda.add(event{at: to, what: resuming, who: attemptID{call: int32(i)}})
		}
	}
	if from, _ := r.pauses.next(which, to); from != never {
		r.agenda.add(event{at: from, what: pausing, who: attemptID{call: int32(which)}})
	}
}

// sees reports whether the daemon of the call of an event sees it now. If it stands
// still it sees it later, and a call whose deadline is over by then is over.
func (r *run) sees(e event) bool {
	c := &r.calls[e.who.call]
	d := r.daemons[c.daemon]
	if r.now < d.until {
		d.held = append(d.held, held{event: e})
		return false
	}
	if r.now > c.began+r.deadline && e.what != expiring {
		r.act(e.who.call)
		return false
	}
	return true
}

// resume lets the daemon see what has happened meanwhile, unless a longer pause goes on.
func (r *run) resume(d *daemon) {
	if r.now < d.until {
		return
	}
	all := d.held
	d.held = nil
	for _, h := range all {
		if h.event.what == arriving {
			r.held--
			r.begin(h.id, h.root)
			continue
		}
		r.handle(h.event)
	}
	if d.tardy {
		d.tardy = false
		d.tick(r.time())
	}
}
