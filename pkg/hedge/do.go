package hedge

import (
	"context"
	"sync"
	"time"
)

// Do carries out one call. Every attempt, the first too, has a goroutine of its
// own, so that the winner never waits for a Run that is slow to notice its
// cancellation. The zero deadline is none; ctx bounds the call as well, and
// its end counts as the caller having gone.
func Do[T any](ctx context.Context, plan *Plan, deadline time.Time, c Caller[T]) Outcome[T] {
	s := newCall(ctx, plan, deadline, c)
	first := s.first()
	if first == nil {
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
	first := s.first()
	if first == nil {
		return s.outcome
	}
	var timer *time.Timer
	if wake := s.race.Wake(); wake != Forever {
		timer = time.AfterFunc(wake-s.now, s.conductAside)
	}
	r := c.Run(first, 1)
	if timer == nil || timer.Stop() {
		s.settle(arrival[T]{1, r})
		if !s.act() {
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

// call is one call under way: the driver of its race. All but the hand-over at the
// end belongs to the conductor: the one goroutine that runs conduct, or before that
// the one that called Do. Instants are durations since start.
type call[T any] struct {
	ctx    context.Context
	caller Caller[T]
	race   Race

	start time.Time
	now   time.Duration // as last read

	cancels []context.CancelCauseFunc  // of the attempts launched
	one     [1]context.CancelCauseFunc // the space of the first, which is mostly the only one

	kept    Result[T] // the best answer so far
	keptBy  int       // the attempt it came from; 0: none
	lastErr error
	outcome Outcome[T]

	// The hand-over between the attempts' goroutines and the conductor.
	mu      sync.Mutex
	decided bool // no more arrivals are taken
	arrived chan arrival[T]
	done    chan struct{} // closed when outcome is set
}

// arrival is an attempt's result on its way to the conductor.
type arrival[T any] struct {
	n      int
	result Result[T]
}

func newCall[T any](ctx context.Context, plan *Plan, deadline time.Time, c Caller[T]) *call[T] {
	s := &call[T]{ctx: ctx, caller: c, start: time.Now()}
	s.cancels = s.one[:0]
	by := Forever
	if !deadline.IsZero() {
		by = deadline.Sub(s.start)
	}
	s.race.Start(plan, by)
	return s
}

// first launches attempt 1 up to, but not including, its Run. It returns nil when
// there is nothing to run: the call is over.
func (s *call[T]) first() context.Context {
	if s.ctx.Err() != nil {
		s.race.Leave()
	}
	if a := s.race.Next(s.now); a.Kind == Launch {
		if ctx := s.admit(a.Ask); ctx != nil {
			return ctx
		}
	}
	s.act()
	return nil
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
