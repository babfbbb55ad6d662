package breaker

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// The errors that tell gobreaker a mark; a success is no error.
var (
	errNeutral = errors.New("neutral")
	errFailure = errors.New("failure")
)

func (m Mark) err() error {
	switch m {
	case Success:
		return nil
	case Failure:
		return errFailure
	default:
		return errNeutral
	}
}

// core is one gobreaker and the mirror of its state. Its shape is fixed for
// life: another window, open time or number of probes takes another core.
type core struct {
	gate *gobreaker.TwoStepCircuitBreaker[struct{}]
	// now is written by gobreaker's hook under gobreaker's lock and read without
	// any. The hook must not ask gobreaker for its state: that deadlocks (P23).
	now   atomic.Pointer[phase]
	trips func(gobreaker.Counts) bool // not changed once the core is in use
}

func newCore(s *Settings, opened func()) *core {
	c := &core{}
	c.now.Store(&phase{state: Closed})
	openFor := s.OpenFor
	if openFor <= 0 {
		openFor = time.Minute
	}
	c.gate = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:  s.HalfOpenAttempts,
		Interval:     s.Window,
		BucketPeriod: s.Window / slices,
		Timeout:      openFor,
		ReadyToTrip:  func(n gobreaker.Counts) bool { return c.trips(n) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errNeutral) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			switch to {
			case gobreaker.StateOpen:
				c.now.Store(&phase{state: Open, until: time.Now().Add(openFor)})
				opened()
			case gobreaker.StateHalfOpen:
				c.now.Store(&phase{state: HalfOpen})
			default:
				c.now.Store(&phase{state: Closed})
			}
		},
	})
	return c
}

// mark counts one end at the present instant.
func (c *core) mark(m Mark) {
	if done, err := c.gate.Allow(); err == nil {
		done(m.err())
	}
}
