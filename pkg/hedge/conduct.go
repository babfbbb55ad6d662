package hedge

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// conductAside is conduct on a goroutine other than the caller's, which is
// busy with attempt 1.
func (s *call[T]) conductAside() {
	s.open()
	s.conduct()
}

// conduct is the call's one loop: it waits for a result, an instant or the
// caller's end, until the outcome is known.
func (s *call[T]) conduct() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s.takeTime()
		if s.over {
			return
		}
		var tick <-chan time.Time
		if wake, bounded := s.wake(); bounded {
			timer.Reset(wake - s.now)
			tick = timer.C
		}
		select {
		case a := <-s.arrived:
			s.settle(a)
		case <-s.ctx.Done():
		case <-tick:
		}
		s.settleArrived()
		if s.over {
			return
		}
	}
}

// wake is the next instant at which something is due, if there is one.
func (s *call[T]) wake() (time.Duration, bool) {
	wake := min(s.due, s.deadline)
	if s.plan.AttemptTimeout > 0 {
		for i := range s.launched {
			if s.tracks[i].running {
				wake = min(wake, s.tracks[i].launched+s.plan.AttemptTimeout)
			}
		}
	}
	return wake, wake != never
}

// takeTime does what has come due by now: the caller's end and the deadline
// first, then attempt timeouts, then the next launch.
func (s *call[T]) takeTime() {
	s.now = time.Since(s.start)
	switch {
	case s.ctx.Err() != nil:
		s.finish(ClientGone, gone(s.ctx))
		return
	case s.now >= s.deadline:
		s.finish(TimedOut, deadlineReached(s.lastErr))
		return
	}
	if timeout := s.plan.AttemptTimeout; timeout > 0 {
		for i := range s.launched {
			if t := &s.tracks[i]; t.running && s.now >= t.launched+timeout {
				s.end(i+1, TimedOut)
				t.cancel(ErrTimedOut)
				s.lastErr = ErrTimedOut
				s.failed(0, false)
				if s.over {
					return
				}
			}
		}
	}
	for s.now >= s.due {
		trigger := s.trigger
		s.due = never
		if s.further(trigger) {
			continue
		}
		if s.running == 0 {
			s.exhausted()
			return
		}
		if trigger == Stagger {
			if s.postpone() {
				continue
			}
			s.rung++ // a suppressed hedge uses up its gap
		}
		s.arm(s.now)
	}
}

// settleArrived takes the results that are waiting: select picks at random among
// what is ready, and a success must not lose to a timer by chance.
func (s *call[T]) settleArrived() {
	for !s.over {
		select {
		case a := <-s.arrived:
			s.settle(a)
		default:
			return
		}
	}
}

// settle takes one attempt's result.
func (s *call[T]) settle(a arrival[T]) {
	t := &s.tracks[a.n-1]
	s.now = time.Since(s.start)
	if !t.running { // its attempt timeout was faster
		if a.result.HasValue {
			s.caller.Discard(a.result.Value)
		}
		return
	}
	switch r := &a.result; {
	case r.Verdict == Accepted:
		s.end(a.n, Won)
		s.win(a)
	case s.ctx.Err() != nil: // law 7: that is why it failed
		s.end(a.n, ClientGone)
		s.drop(a)
		s.finish(ClientGone, gone(s.ctx))
	case r.Verdict == Fatal:
		s.end(a.n, Failed)
		s.lastErr = r.Err
		s.win(a)
	default:
		end := Failed
		if r.Verdict == NotSent {
			end = Rejected
		}
		s.end(a.n, end)
		s.keep(a)
		s.failed(r.Wait, r.Unsent)
	}
}

// failed launches the next attempt after one that failed (law 4), or ends the
// call when there is nothing left to wait for.
func (s *call[T]) failed(wait time.Duration, unsent bool) {
	if s.now >= s.deadline {
		s.finish(TimedOut, deadlineReached(s.lastErr))
		return
	}
	if unsent && s.fanOut < min(s.plan.Most, MaxFanOut) {
		s.fanOut++
	}
	if wait < 0 && !s.stopped {
		s.stopped = true
		s.due = never
		if s.launched < s.fanOut {
			s.suppress(s.launched+1, Failure, Pushback)
		}
	}
	if wait > 0 && !s.stopped && s.launched < s.fanOut {
		s.due, s.trigger = s.now+wait, Failure
		return
	}
	if !s.further(Failure) && s.running == 0 {
		s.exhausted()
	}
}

// further launches one more attempt, if that is allowed.
func (s *call[T]) further(trigger Trigger) bool {
	if s.stopped || s.launched >= s.fanOut {
		return false
	}
	n := s.launched + 1
	if s.deadline-s.now < s.plan.LeastRemaining {
		s.suppress(n, trigger, NoTime)
		s.stopped = true // what remains only shrinks
		return false
	}
	if reason := s.caller.Admit(n, trigger); reason != Admitted {
		s.suppress(n, trigger, reason)
		return false
	}
	ctx := s.launch(trigger)
	s.open()
	go s.run(ctx, n)
	return true
}

// launch enters the next attempt and arms the one after it.
func (s *call[T]) launch(trigger Trigger) context.Context {
	s.now = time.Since(s.start)
	ctx, cancel := context.WithCancelCause(s.ctx)
	s.tracks = append(s.tracks, track{launched: s.now, cancel: cancel, trigger: trigger, running: true})
	s.launched++
	s.running++
	if trigger == Stagger {
		s.rung++
	}
	s.arm(s.now)
	return ctx
}

// arm sets when the next hedge is due, counted from the given instant.
func (s *call[T]) arm(from time.Duration) {
	s.due = never
	if s.launched < s.fanOut && s.rung < s.fanOut-1 && !s.stopped && s.plan.Gaps[s.rung] >= 0 {
		s.due, s.trigger = from+s.plan.Gaps[s.rung], Stagger
	}
}

// postpone has a hedge that the draw was against come due once more.
func (s *call[T]) postpone() bool {
	all := s.outcome.Suppressed
	if s.plan.Again <= 0 || s.postponed || len(all) == 0 || all[len(all)-1].Reason != Draw {
		return false
	}
	s.postponed = true
	s.due, s.trigger = s.now+s.plan.Again, Stagger
	return true
}

func (s *call[T]) suppress(n int, trigger Trigger, reason Reason) {
	s.outcome.Suppressed = append(s.outcome.Suppressed, Suppression{n, trigger, reason})
}

// gone is the error of a call whose caller went away.
func gone(ctx context.Context) error { return fmt.Errorf("%w: %w", ErrGone, ctx.Err()) }

// deadlineReached is the error of a call without an answer at its deadline.
func deadlineReached(last error) error {
	if last == nil || errors.Is(last, ErrTimedOut) {
		return ErrDeadline
	}
	return fmt.Errorf("%w; the last attempt: %w", ErrDeadline, last)
}
