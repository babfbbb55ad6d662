//go:build !linux

package demo

import (
	"context"
	"time"
)

// pacer wakes the load at its instants, as precisely as Go's timers are.
type pacer struct{}

func newPacer() (*pacer, error) { return &pacer{}, nil }

// until returns at the instant, at once if it has passed, or when ctx is done,
// with its error.
func (*pacer) until(ctx context.Context, instant time.Time) error {
	wait(ctx, time.Until(instant))
	return ctx.Err()
}

func (*pacer) close() error { return nil }
