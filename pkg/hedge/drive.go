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
// caller's end, tells the race, and does what the race asks for.
func (s *call[T]) conduct() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s.now = time.Since(s.start)
		if s.ctx.Err() != nil {
			s.race.Leave()
		}
		if s.act() {
			return
		}
		var tick <-chan time.Time
		if wake := s.race.Wake(); wake != Forever {
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
	}
}

// act does what the race asks for at this instant, until there is nothing to do but to wait. It
// reports whether the outcome is known.
func (s *call[T]) act() (over bool) {
	for {
		switch a := s.race.Next(s.now); a.Kind {
		case Launch:
			if ctx := s.admit(a.Ask); ctx != nil {
				s.open()
				go s.run(ctx, a.Ask.Number)
			}
		case Suppress:
			s.suppressed(a)
		case Cancel:
			s.cancel(a.Ask.Number, a.End)
		case Finish:
			s.finish()
			return true
		default:
			return false
		}
	}
}

// admit asks the caller for an attempt that is due. It returns the attempt's
// context, or nil if the caller refuses.
func (s *call[T]) admit(a Ask) context.Context {
	if reason := s.caller.Admit(a); reason != Admitted {
		s.race.Refuse(reason)
		return nil
	}
	s.now = time.Since(s.start)
	s.race.Launch(s.now)
	ctx, cancel := context.WithCancelCause(s.ctx)
	s.cancels = append(s.cancels, cancel)
	return ctx
}

func (s *call[T]) suppressed(a Action) {
	s.outcome.Suppressed = append(s.outcome.Suppressed, Suppression{a.Ask.Number, a.Ask.Trigger, a.Reason})
}

// settleArrived takes the results that are waiting: select picks at random among
// what is ready, and a success must not lose to a timer by chance.
func (s *call[T]) settleArrived() {
	for {
		select {
		case a := <-s.arrived:
			s.settle(a)
		default:
			return
		}
	}
}

// settle tells the race of one attempt's result.
func (s *call[T]) settle(a arrival[T]) {
	s.now = time.Since(s.start)
	r := &a.result
	if r.Verdict != Accepted && s.ctx.Err() != nil { // law 7: that is why it failed
		s.race.Leave()
	}
	end, ok := s.race.Answer(s.now, a.n, Answer{Verdict: r.Verdict, HasValue: r.HasValue, Wait: r.Wait, Unsent: r.Unsent})
	if !ok {
		s.drop(a)
		return
	}
	s.ended(a.n, end)
	if r.Verdict != Accepted {
		s.lastErr = r.Err
	}
	if s.race.Best() != a.n {
		s.cancels[a.n-1](ErrReleased)
		return
	}
	s.dropKept()
	s.kept, s.keptBy = a.result, a.n
}

// cancel ends an attempt that is under way.
func (s *call[T]) cancel(n int, e End) {
	s.ended(n, e)
	if e != TimedOut {
		s.cancels[n-1](ErrLost)
		return
	}
	s.cancels[n-1](ErrTimedOut)
	if !s.race.Over() {
		s.lastErr = ErrTimedOut
	}
}

// ended tells the caller how attempt n ended.
func (s *call[T]) ended(n int, e End) {
	started := s.race.Started(n)
	s.caller.Ended(Attempt{
		Number: n, Trigger: s.race.Trigger(n), Start: s.start.Add(started),
		Elapsed: s.now - started, End: e, Deadline: e == TimedOut && s.race.Cause() == Expired,
	})
}

// drop discards the answer of an attempt that has ended.
func (s *call[T]) drop(a arrival[T]) {
	s.cancels[a.n-1](ErrLost)
	if a.result.HasValue {
		s.caller.Discard(a.result.Value)
	}
}

func (s *call[T]) dropKept() {
	if s.keptBy != 0 {
		s.drop(arrival[T]{s.keptBy, s.kept})
		s.keptBy = 0
	}
}

// finish hands over the outcome: the answer that is kept, or an error.
func (s *call[T]) finish() {
	for _, a := range s.decide() {
		s.drop(a)
	}
	if s.race.Best() == 0 {
		s.dropKept()
	}
	o := &s.outcome
	o.Launched = s.race.Launched()
	if s.keptBy != 0 {
		o.Value, o.HasValue, o.Verdict = s.kept.Value, s.kept.HasValue, s.kept.Verdict
		o.Winner, o.release = s.keptBy, s.cancels[s.keptBy-1]
	} else {
		o.Err, o.Verdict = s.failure(), NonFatal
	}
	if s.done != nil {
		close(s.done)
	}
}

// failure is the error of a call without an answer.
func (s *call[T]) failure() error {
	switch s.race.Cause() {
	case Expired:
		if s.lastErr == nil || errors.Is(s.lastErr, ErrTimedOut) {
			return ErrDeadline
		}
		return fmt.Errorf("%w; the last attempt: %w", ErrDeadline, s.lastErr)
	case Abandoned:
		return fmt.Errorf("%w: %w", ErrGone, s.ctx.Err())
	case Refused:
		return fmt.Errorf("%w: %s", ErrRefused, s.outcome.Suppressed[0].Reason)
	default:
		if s.lastErr == nil {
			return ErrExhausted
		}
		return fmt.Errorf("%w; the last: %w", ErrExhausted, s.lastErr)
	}
}

// decide stops taking arrivals and returns those that came too late.
func (s *call[T]) decide() []arrival[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decided = true
	var late []arrival[T]
	for len(s.arrived) > 0 {
		late = append(late, <-s.arrived)
	}
	return late
}
