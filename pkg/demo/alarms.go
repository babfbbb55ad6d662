package demo

import (
	"context"
	"errors"
	"sync"
	"time"
)

// alarms wake many goroutines, each at its instant, as exactly as the load's own
// pacer: a model's answer of 2 ms must not take 3 because of Go's timers.
type alarms struct {
	mu   sync.Mutex
	idle []*pacer
}

// until returns at the instant, at once if it has passed, or when ctx is done, with
// its error.
func (a *alarms) until(ctx context.Context, instant time.Time) error {
	p, err := a.take()
	if err != nil {
		return err
	}
	if err := p.until(ctx, instant); err != nil {
		return errors.Join(err, p.close())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.idle = append(a.idle, p)
	return nil
}

// take returns a pacer that nobody waits for.
func (a *alarms) take() (*pacer, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.idle); n > 0 {
		p := a.idle[n-1]
		a.idle = a.idle[:n-1]
		return p, nil
	}
	return newPacer()
}

// close gives the pacers back. Nobody may wait any more.
func (a *alarms) close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var errs []error
	for _, p := range a.idle {
		errs = append(errs, p.close())
	}
	a.idle = nil
	return errors.Join(errs...)
}
