package demo

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pacer wakes the load at its instants. Go's timers are late by up to a
// millisecond on an idle Linux process, since the poller sleeps in whole ones.
// A timer descriptor has the kernel's resolution, is waited for like a socket,
// and burns nothing.
type pacer struct {
	timer *os.File
	fd    int
}

func newPacer() (*pacer, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create a timer: %w", err)
	}
	return &pacer{timer: os.NewFile(uintptr(fd), "timer"), fd: fd}, nil
}

// until returns at the instant, at once if it has passed, or when ctx is done,
// with its error. After an error the pacer is of no more use.
func (p *pacer) until(ctx context.Context, instant time.Time) error {
	d := time.Until(instant)
	if d <= 0 {
		return ctx.Err()
	}
	stop := context.AfterFunc(ctx, func() { _ = p.timer.SetReadDeadline(time.Unix(1, 0)) })
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	err := unix.TimerfdSettime(p.fd, 0, &spec, nil)
	if err == nil {
		var expirations [8]byte
		_, err = p.timer.Read(expirations[:])
	}
	if !stop() {
		return ctx.Err() // the timer cannot be read any more
	}
	if err != nil {
		return fmt.Errorf("wait for the timer: %w", err)
	}
	return nil
}

func (p *pacer) close() error { return p.timer.Close() }
