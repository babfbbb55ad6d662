package record

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Log hands every attempt to all who have subscribed. The zero value is ready;
// a nil Log has no listeners.
type Log struct {
	listening atomic.Bool
	dropped   atomic.Uint64

	// mu is what a channel's end is safe by: an Add holds it for reading while it
	// offers the attempt, which takes no longer than a channel without a waiter.
	mu            sync.RWMutex
	subscriptions []*Subscription
	closed        bool
}

// Active reports whether anybody listens. It is one atomic load, so a call asks
// before it makes an Attempt.
func (l *Log) Active() bool { return l != nil && l.listening.Load() }

// Add offers the attempt to every listener. It never waits: a listener whose
// buffer is full goes without, and the drop is counted.
func (l *Log) Add(a Attempt) {
	if !l.Active() {
		return
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, s := range l.subscriptions {
		select {
		case s.attempts <- a:
		default:
			s.dropped.Add(1)
			l.dropped.Add(1)
		}
	}
}

// Dropped is how many attempts the listeners went without, of all there have
// been.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Subscribe returns a listener that may fall behind by size attempts. It is to
// be closed.
func (l *Log) Subscribe(size int) *Subscription {
	s := &Subscription{log: l, attempts: make(chan Attempt, size)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		close(s.attempts)
		return s
	}
	l.subscriptions = append(l.subscriptions, s)
	l.listening.Store(true)
	return s
}

// Close ends every subscription, those to come as well. Attempts that are added
// later go nowhere.
func (l *Log) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.subscriptions {
		close(s.attempts)
	}
	l.subscriptions, l.closed = nil, true
	l.listening.Store(false)
}

// Subscription is one listener of a Log.
type Subscription struct {
	log      *Log
	attempts chan Attempt
	dropped  atomic.Uint64
}

// C has the attempts since the subscription began, in the order of their ends.
// It is closed when the subscription or its log is, after what was buffered.
func (s *Subscription) C() <-chan Attempt { return s.attempts }

// Dropped is how many attempts did not fit.
func (s *Subscription) Dropped() uint64 { return s.dropped.Load() }

// Close ends the subscription. It may be called more than once, and after the
// log was closed.
func (s *Subscription) Close() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	i := slices.Index(s.log.subscriptions, s)
	if i < 0 {
		return
	}
	s.log.subscriptions = slices.Delete(s.log.subscriptions, i, i+1)
	s.log.listening.Store(len(s.log.subscriptions) > 0)
	close(s.attempts)
}
