package demo

import (
	"context"
	"slices"
	"sync"
	"time"

	"hedged.dev/hedged/pkg/sim"
)

// slots are the few places in which a modelled replica serves attempts, and the line
// before them, first come, first served. All instants are the model's: a service
// begins when the one before it was to end, not when this machine's timer has told of
// that, so that late timers do not take capacity away.
type slots struct {
	queue sim.Queue
	count func(at time.Duration) int // how many there are

	mu      sync.Mutex
	busy    int
	waiting []*waiter
}

// waiter is an attempt in the line.
type waiter struct {
	at    time.Duration
	begin chan time.Duration // takes the instant at which its service begins
}

// enter waits for a slot and returns when the service of an attempt that arrived at
// that instant begins. It returns shed if the line is full, and gone if ctx is done
// before; else served, and the slot is to be left.
func (s *slots) enter(ctx context.Context, at time.Duration) (begin time.Duration, met fate) {
	s.mu.Lock()
	s.fill(at) // there may be more of them than before
	if s.busy < s.count(at) {
		s.busy++
		s.mu.Unlock()
		return at, served
	}
	if s.queue.Limit > 0 && len(s.waiting) >= s.queue.Limit {
		s.mu.Unlock()
		return at, shed
	}
	w := &waiter{at: at, begin: make(chan time.Duration, 1)}
	s.waiting = append(s.waiting, w)
	s.mu.Unlock()
	select {
	case begin := <-w.begin:
		return begin, served
	case <-ctx.Done():
		s.forget(w)
		return 0, gone
	}
}

// forget takes an attempt that was given up out of the line, or out of the slot that
// it was given meanwhile.
func (s *slots) forget(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, w); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
		return
	}
	s.busy--
	s.fill(<-w.begin)
}

// leave frees the slot of an attempt whose service ended at that instant.
func (s *slots) leave(at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	s.fill(at)
}

// fill gives the slots that are free at the instant to those who wait. The lock is
// held.
func (s *slots) fill(at time.Duration) {
	free := s.count(at) - s.busy
	for free > 0 && len(s.waiting) > 0 {
		w := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.busy++
		free--
		w.begin <- max(at, w.at)
	}
}
