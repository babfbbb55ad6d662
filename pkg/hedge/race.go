package hedge

import (
	"math/bits"
	"time"
)

// Race decides when the attempts of one call are launched, suppressed, deferred,
// lost and won. It is a pure state machine: a driver tells it events and carries
// out what Next asks for. It has no clock: instants are durations since the call's
// start, and do not go backwards. A Race is a plain value that may be kept in a
// pool; Start makes it ready for another call.
//
// A driver tells what has happened (Answer, Leave), in any number, and then calls
// Next until that says Wait or Finish. A Launch is answered with Launch or Refuse
// before anything else is told.
type Race struct {
	plan     *Plan
	deadline time.Duration
	now      time.Duration            // as Next was last told
	due      time.Duration            // when the next attempt is due; Forever: none is
	started  [MaxFanOut]time.Duration // when attempt i+1 was launched
	trigger  [MaxFanOut]Trigger       // and what for
	ask      Ask                      // what was last asked or suppressed
	reason   Reason                   // for which ask is suppressed, until Next has said so

	running  uint8 // bit i: attempt i+1 is under way
	fanOut   int8  // the plan's, and what was not sent
	launched int8
	places   int8 // used up by hedges, launched or suppressed
	retries  int8 // launched
	owed     int8 // failures that have not launched a retry yet
	best     int8 // the attempt whose answer the call would end with; 0: none
	deferred int8 // the place of the hedge that was deferred, from 1; 0: none was

	dueFor  Trigger
	cause   Cause
	asking  bool // the driver owes Launch or Refuse
	delayed bool // what is asked for is a retry that waited for its pushback
	stopped bool // nothing more is launched
	pushed  bool // the upstream said to stop, and Next has not said so
	late    bool // a pushback leaves no time for a retry, and Next has not said so
}

// Forever is an instant that does not come.
const Forever time.Duration = 1<<63 - 1

// Start begins a call at instant 0. A deadline of Forever is none. The plan must
// not change while the race is on.
func (r *Race) Start(p *Plan, deadline time.Duration) {
	*r = Race{plan: p, deadline: deadline, fanOut: int8(min(max(p.FanOut, 1), MaxFanOut)), dueFor: Initial}
}

// Launch says that the attempt which Next asked for is launched.
func (r *Race) Launch(now time.Duration) {
	if !r.asking {
		return
	}
	r.asking = false
	r.started[r.launched], r.trigger[r.launched] = now, r.ask.Trigger
	r.running |= 1 << r.launched
	r.launched++
	switch r.ask.Trigger {
	case Stagger:
		r.places++
	case Failure:
		r.retries++
	}
	r.arm(now)
}

// Refuse says that the attempt which Next asked for is not admitted. A hedge that
// is refused for Draw or Budget comes due once more, if the plan defers.
func (r *Race) Refuse(reason Reason) {
	if !r.asking {
		return
	}
	r.asking, r.reason = false, reason
	switch {
	case r.ask.Trigger == Initial:
		r.finish(Refused)
	case r.ask.Trigger == Failure:
		if r.delayed {
			r.arm(r.now) // its wait took the place of the next hedge's gap
		}
	case r.plan.Defer > 0 && r.deferred == 0 && (reason == Draw || reason == Budget):
		r.deferred = r.places + 1
		r.due, r.dueFor = r.now+r.plan.Defer, Stagger
	default:
		r.places++
		r.arm(r.now)
	}
}

// Answer says what attempt n came to, and returns how it thereby ended. It reports
// false for an attempt that had ended before: its answer is of no use.
func (r *Race) Answer(now time.Duration, n int, a Answer) (End, bool) {
	if !r.Running(n) || r.cause != Undecided {
		return Lost, false
	}
	r.running &^= 1 << (n - 1)
	if a.HasValue || a.Verdict == Accepted {
		r.best = int8(n) // the latest tells the client the upstream's present state
	}
	switch {
	case a.Verdict == Accepted:
		r.finish(Decided)
		return Won, true
	case a.Verdict == Fatal && a.HasValue:
		r.finish(Decided)
	case a.Verdict == Fatal:
		r.finish(Exhausted)
	default:
		r.failed(now, a)
	}
	if a.Verdict == NotSent {
		return Rejected, true
	}
	return Failed, true
}

// failed decides what follows from a failure: a retry at once, one after the
// upstream's pushback, or none.
func (r *Race) failed(now time.Duration, a Answer) {
	if a.Unsent && int(r.fanOut) < min(r.plan.Most, MaxFanOut) {
		r.fanOut++
	}
	switch {
	case a.Wait < 0:
		r.pushed = r.open()
		r.stop()
	case !r.open():
	case a.Wait == 0:
		r.owed++
	case r.inTime(now, a.Wait):
		r.due, r.dueFor = now+a.Wait, Failure
	default:
		r.due, r.late = Forever, true
	}
}

// Leave says that the caller has gone. What attempts have come to by then is
// believed; what they come to afterwards is not.
func (r *Race) Leave() {
	if r.cause == Undecided {
		r.best = 0 // nobody is there to read it
		r.finish(Abandoned)
	}
}

// Over reports whether the race is decided. Next may still have attempts to cancel.
func (r *Race) Over() bool { return r.cause != Undecided }

// Cause says why the race is over.
func (r *Race) Cause() Cause { return r.cause }

// Best returns the attempt whose answer the call ends with, as far as is known:
// the accepted or fatal one, or else the latest bad one. It is 0 if there is none.
func (r *Race) Best() int { return int(r.best) }

// Launched returns how many attempts have been launched.
func (r *Race) Launched() int { return int(r.launched) }

// InFlight returns how many attempts are under way.
func (r *Race) InFlight() int { return bits.OnesCount8(r.running) }

// Running reports whether attempt n is under way.
func (r *Race) Running(n int) bool { return n >= 1 && n <= MaxFanOut && r.running>>(n-1)&1 != 0 }

// Started returns when attempt n was launched.
func (r *Race) Started(n int) time.Duration { return r.started[n-1] }

// Trigger returns what attempt n was launched for.
func (r *Race) Trigger(n int) Trigger { return r.trigger[n-1] }

// Wake returns the next instant at which something is due; Forever: nothing is.
func (r *Race) Wake() time.Duration {
	wake := min(r.due, r.deadline)
	if timeout := r.plan.AttemptTimeout; timeout > 0 {
		for left := r.running; left != 0; left &= left - 1 {
			wake = min(wake, r.started[bits.TrailingZeros8(left)]+timeout)
		}
	}
	return wake
}
