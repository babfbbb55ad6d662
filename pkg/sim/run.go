package sim

import (
	"context"
	"time"

	"hedged.dev/hedged/pkg/upstream"
)

// run is one strategy meeting one scenario.
type run struct {
	scenario *Scenario
	seed     uint64
	deadline int64
	distinct upstream.Distinct

	now      int64
	agenda   agenda
	arrivals arrivals
	expiries line // of the deadlines, which come in the order of arrival
	calls    []call
	free     []int32
	live     int
	last     time.Duration // when the last call arrived

	fleet   *fleet
	fate    func(call uint64, n int, endpoint uint16, now int64) (fate, int64)
	daemons []*daemon
	edits   []terms // of each of the scenario's
	pauses  stops
	held    int // calls that have arrived at daemons that stand still
	tally   tally
}

// time is the present instant.
func (r *run) time() time.Time { return epoch().Add(time.Duration(r.now)) }

// epoch is when every run begins.
func epoch() time.Time { return time.Unix(0, 0) }

// patience is how many events are handled between two looks at the context.
const patience = 1 << 14

// play lets everything happen until the last call has ended. done, which may be
// nil, is told now and then how many calls have begun.
func (r *run) play(ctx context.Context, done func(calls int)) error {
	for _, at := range r.fleet.edges() {
		r.agenda.add(event{at: int64(at), what: turning})
	}
	r.agenda.add(event{at: int64(tickEvery), what: ticking})
	r.plan()
	for left := patience; ; left-- {
		if left == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if done != nil {
				done(int(r.arrivals.first))
			}
			left = patience
		}
		planned, expiry, arrival := r.agenda.next(), r.expiries.next(), r.arrivals.next
		switch {
		case arrival == never && r.live == 0 && r.held == 0:
			return nil
		case planned <= expiry && planned <= arrival:
			r.now = planned
			r.handle(r.agenda.take())
		case expiry <= arrival:
			r.now = expiry
			r.expire()
		default:
			r.now = arrival
			r.arrive()
		}
	}
}

func (r *run) handle(e event) {
	switch e.what {
	case wake:
		if c := &r.calls[e.who.call]; c.life == e.who.life && c.wake == e.at && r.sees(e) {
			c.wake = never
			r.act(e.who.call)
		}
	case result:
		if r.underWay(e.who) && r.sees(e) {
			r.settle(e.who, e.failed)
		}
	case leaving:
		r.leave(e)
	case turning:
		r.fleet.turn(r.now)
		for i := range r.fleet.queues {
			r.fill(uint16(i))
		}
	case ticking:
		for _, d := range r.daemons {
			if d.tardy = r.now < d.until; !d.tardy {
				d.tick(r.time())
			}
		}
		r.tally.look(r)
		r.agenda.add(event{at: e.at + int64(tickEvery), what: ticking})
	default:
		r.happen(e)
	}
}

// arrive begins the calls of the next arrival.
func (r *run) arrive() {
	r.last = time.Duration(r.now)
	root := r.tally.root(r.now, len(r.arrivals.which))
	for _, leaf := range r.arrivals.which {
		id := r.arrivals.first + uint64(leaf)
		if d := r.daemons[daemonOf(r.seed, id, len(r.daemons))]; r.now < d.until {
			d.held = append(d.held, held{event: event{what: arriving}, id: id, root: root})
			r.held++
			continue
		}
		r.begin(id, root)
	}
	r.arrivals.advance()
}

// expire ends the call whose deadline has come, if it is still under way.
func (r *run) expire() {
	e := r.expiries.take()
	late := event{what: expiring, who: attemptID{call: e.call, life: e.life}}
	if r.calls[e.call].life == e.life && r.sees(late) {
		r.act(e.call)
	}
}

// send carries out attempt n of a call.
func (r *run) send(i int32, n int) {
	c := &r.calls[i]
	a := &c.attempts[n-1]
	r.tally.launched(r.now)
	what, took := r.fate(c.id, n, a.endpoint, r.now)
	who := attemptID{call: i, life: c.life, n: uint8(n)}
	switch {
	case what == silent:
	case r.fleet.queues != nil:
		r.enter(a.endpoint, job{who: who, service: took, failed: what == failing})
	default:
		r.agenda.add(event{at: r.now + took, what: result, who: who, failed: what == failing})
	}
}
