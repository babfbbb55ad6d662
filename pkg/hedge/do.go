package hedge

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Do carries out one call. Every attempt, the first too, has a goroutine of its
// own, so that the winner never waits for a Run that is slow to notice its
// cancellation. The zero deadline is none; ctx bounds the call as well, and
// its end counts as the caller having gone.
func Do[T any](ctx context.Context, plan *Plan, deadline time.Time, c Caller[T]) Outcome[T] {
	s := newCall(ctx, plan, deadline, c)
	first, ok := s.first()
	if !ok {
		return s.outcome
	}
	s.open()
	go s.run(first, 1)
	s.conduct()
	return s.outcome
}

// DoInline is Do for a Caller whose Run returns at once when its context is
// cancelled. The first attempt runs on the calling goroutine: a call that
// needs no hedge costs one timer, and neither a goroutine nor a channel.
func DoInline[T any](ctx context.Context, plan *Plan, deadline time.Time, c Caller[T]) Outcome[T] {
	s := newCall(ctx, plan, deadline, c)
	first, ok := s.first()
	if !ok {
		return s.outcome
	}
	wake, bounded := s.wake()
	var timer *time.Timer
	if bounded {
		timer = time.AfterFunc(wake-s.now, s.conductAside)
	}
	r := c.Run(first, 1)
	if timer == nil || timer.Stop() {
		s.settle(arrival[T]{1, r})
		if !s.over {
			s.open()
			s.conduct()
		}
		return s.outcome
	}
	s.open()
	s.deliver(arrival[T]{1, r})
	<-s.done
	return s.outcome
}

// call is one call under way. All but the hand-over at the end belongs to the
// conductor: the one goroutine that runs conduct, or before that the one that
// called Do. Instants are durations since start.
type call[T any] struct {
	ctx    context.Context
	plan   *Plan
	caller Caller[T]

	start    time.Time
	now      time.Duration // as last read
	deadline time.Duration // never: none
	fanOut   int

	launched int
	running  int
	tracks   []track  // of the attempts launched
	one      [1]track // the space of the first, which is mostly the only one

	due       time.Duration // when the next attempt is due; never: none is
	trigger   Trigger       // what it will be due for
	rung      int           // gaps used up, by hedges launched or suppressed
	postponed bool          // a hedge has come due once more, or will
	stopped   bool          // the upstream said to stop

	kept    Result[T] // the latest bad answer
	keptBy  int       // the attempt it came from; 0: none
	lastErr error
	over    bool
	outcome Outcome[T]

	// The hand-over between the attempts' goroutines and the conductor.
	mu      sync.Mutex
	decided bool // no more arrivals are taken
	arrived chan arrival[T]
	done    chan struct{} // closed when outcome is set
}

// track is the record of one attempt.
type track struct {
	launched time.Duration
	cancel   context.CancelCauseFunc
	trigger  Trigger
	running  bool
}

// arrival is an attempt's result on its way to the conductor.
type arrival[T any] struct {
	n      int
	result Result[T]
}

const never = time.Duration(1<<63 - 1)

func newCall[T any](ctx context.Context, plan *Plan, deadline time.Time, c Caller[T]) *call[T] {
	s := &call[T]{
		ctx: ctx, plan: plan, caller: c, start: time.Now(), deadline: never, due: never,
		fanOut: min(max(plan.FanOut, 1), MaxFanOut),
	}
	s.tracks = s.one[:0]
	if !deadline.IsZero() {
		s.deadline = deadline.Sub(s.start)
	}
	return s
}

// first launches attempt 1 up to, but not including, its Run. It reports
// whether there is anything to run.
func (s *call[T]) first() (context.Context, bool) {
	switch {
	case s.ctx.Err() != nil:
		s.finish(ClientGone, gone(s.ctx))
		return nil, false
	case s.deadline <= 0:
		s.finish(TimedOut, ErrDeadline)
		return nil, false
	}
	if reason := s.caller.Admit(1, Initial); reason != Admitted {
		s.suppress(1, Initial, reason)
		s.finish(Lost, fmt.Errorf("%w: %s", ErrRefused, reason))
		return nil, false
	}
	return s.launch(Initial), true
}

// open makes what attempts on other goroutines need to hand over results.
func (s *call[T]) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.arrived == nil {
		s.arrived = make(chan arrival[T], MaxFanOut) // an attempt sends once: never blocks
		s.done = make(chan struct{})
	}
}

// run carries out attempt n on a goroutine of its own.
func (s *call[T]) run(ctx context.Context, n int) {
	s.deliver(arrival[T]{n, s.caller.Run(ctx, n)})
}

// deliver hands a result to the conductor, or discards it when the outcome is
// known already.
func (s *call[T]) deliver(a arrival[T]) {
	s.mu.Lock()
	late := s.decided
	if !late {
		s.arrived <- a
	}
	s.mu.Unlock()
	if late && a.result.HasValue {
		s.caller.Discard(a.result.Value)
	}
}
