package hedge

import (
	"math/bits"
	"time"
)

// Next returns what the driver is to do now.
func (r *Race) Next(now time.Duration) Action {
	r.now = now
	if r.cause == Undecided && now >= r.deadline {
		r.finish(Expired)
	}
	for {
		switch {
		case r.reason != Admitted:
			a := Action{Kind: Suppress, Ask: r.ask, Reason: r.reason}
			r.reason = Admitted
			return a
		case r.cause != Undecided:
			return r.wind()
		case r.asking:
			return Action{Kind: Launch, Ask: r.ask}
		case r.pushed:
			r.pushed = false
			r.suppress(Failure, Pushback)
		case r.late:
			r.late = false
			r.suppress(Failure, NoTime)
		case r.owed > 0:
			r.owed--
			r.request(Failure, false)
		case r.plan.AttemptTimeout > 0 && r.lapsed() != 0:
			n := r.lapsed()
			r.running &^= 1 << (n - 1)
			r.owed++
			return Action{Kind: Cancel, Ask: Ask{Number: n}, End: TimedOut}
		case now >= r.due:
			r.due = Forever
			r.request(r.dueFor, r.dueFor == Failure)
		case r.running == 0 && (r.due == Forever || r.dueFor == Stagger):
			r.finish(Exhausted) // a hedge is one while another attempt is unanswered
		default:
			return Action{Kind: Wait}
		}
	}
}

// request asks for one more attempt, if the call may have one that can finish.
func (r *Race) request(t Trigger, delayed bool) {
	if !r.open() {
		return
	}
	if t != Initial && !r.inTime(r.now, 0) {
		r.suppress(t, NoTime)
		r.stop() // what remains only shrinks
		return
	}
	r.setAsk(t)
	r.asking, r.delayed = true, delayed
}

// suppress has Next say that an attempt which is due is not launched.
func (r *Race) suppress(t Trigger, reason Reason) {
	r.setAsk(t)
	r.reason = reason
}

func (r *Race) setAsk(t Trigger) {
	r.ask = Ask{Number: int(r.launched) + 1, Trigger: t}
	switch t {
	case Stagger:
		r.ask.Place, r.ask.Deferred = int(r.places), r.deferred == r.places+1
	case Failure:
		r.ask.Place = int(r.retries)
	}
}

// open reports whether the call may have another attempt.
func (r *Race) open() bool { return !r.stopped && r.launched < r.fanOut }

// inTime reports whether an attempt that is launched after so long a wait can
// finish before the deadline (law 6).
func (r *Race) inTime(now, wait time.Duration) bool {
	left := r.deadline - now
	return left > wait && left-wait >= r.plan.LeastRemaining
}

// arm sets when the next hedge is due, counted from the given instant.
func (r *Race) arm(from time.Duration) {
	r.due = Forever
	if !r.open() || r.places >= r.fanOut-1 {
		return
	}
	if gap := r.plan.Gaps[r.places]; gap >= 0 {
		r.due, r.dueFor = from+gap, Stagger
	}
}

// lapsed returns the first attempt that has had its attempt timeout; 0 if there is none.
func (r *Race) lapsed() int {
	for left := r.running; left != 0; left &= left - 1 {
		if i := bits.TrailingZeros8(left); r.now >= r.started[i]+r.plan.AttemptTimeout {
			return i + 1
		}
	}
	return 0
}

// stop has no further attempt launched. Those in flight go on.
func (r *Race) stop() { r.stopped, r.due = true, Forever }

// finish decides the race. Next then cancels what is still under way.
func (r *Race) finish(c Cause) { r.cause, r.asking = c, false }

// wind cancels one attempt that is still under way, or ends the call.
func (r *Race) wind() Action {
	if r.running == 0 {
		return Action{Kind: Finish}
	}
	n := bits.TrailingZeros8(r.running) + 1
	r.running &= r.running - 1
	end := Lost
	switch r.cause {
	case Expired:
		end = TimedOut
	case Abandoned:
		end = ClientGone
	}
	return Action{Kind: Cancel, Ask: Ask{Number: n}, End: end}
}
