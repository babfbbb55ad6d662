package hedge

import "fmt"

// end records how attempt n ended.
func (s *call[T]) end(n int, e End) {
	t := &s.tracks[n-1]
	t.running = false
	s.running--
	s.caller.Ended(Attempt{
		Number: n, Trigger: t.trigger, Start: s.start.Add(t.launched),
		Elapsed: s.now - t.launched, End: e, Deadline: e == TimedOut && s.now >= s.deadline,
	})
}

// keep holds a bad answer in case no better one comes. The latest wins: it
// tells the client the upstream's present state.
func (s *call[T]) keep(a arrival[T]) {
	s.lastErr = a.result.Err
	if !a.result.HasValue {
		s.tracks[a.n-1].cancel(ErrReleased)
		return
	}
	s.dropKept()
	s.kept, s.keptBy = a.result, a.n
}

// drop discards the answer of an attempt that has ended.
func (s *call[T]) drop(a arrival[T]) {
	s.tracks[a.n-1].cancel(ErrLost)
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

// win ends the call with an attempt's result, good or bad.
func (s *call[T]) win(a arrival[T]) {
	if !a.result.HasValue && a.result.Verdict != Accepted {
		s.keep(a)
		s.exhausted()
		return
	}
	s.dropKept()
	s.kept, s.keptBy = a.result, a.n
	s.finish(Lost, nil)
}

// exhausted ends a call in which no attempt is left.
func (s *call[T]) exhausted() {
	if s.lastErr == nil {
		s.finish(Lost, ErrExhausted)
		return
	}
	s.finish(Lost, fmt.Errorf("%w; the last: %w", ErrExhausted, s.lastErr))
}

// finish ends the call: with the answer that is kept, or with err when there
// is none. Attempts still in flight end as others.
func (s *call[T]) finish(others End, err error) {
	s.over = true
	late := s.decide()
	for i := range s.launched {
		if !s.tracks[i].running {
			continue
		}
		s.end(i+1, others)
		if others == TimedOut {
			s.tracks[i].cancel(ErrTimedOut)
		} else {
			s.tracks[i].cancel(ErrLost)
		}
	}
	for _, a := range late {
		s.drop(a)
	}
	if others == ClientGone {
		s.dropKept() // nobody is there to read it
	}
	o := &s.outcome
	o.Launched = s.launched
	if s.keptBy != 0 {
		o.Value, o.HasValue, o.Verdict = s.kept.Value, s.kept.HasValue, s.kept.Verdict
		o.Winner, o.release = s.keptBy, s.tracks[s.keptBy-1].cancel
	} else {
		o.Err, o.Verdict = err, NonFatal
	}
	if s.done != nil {
		close(s.done)
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
