package command

import (
	"context"
	"os"
	"syscall"
)

// interruptible returns a context that the first signal cancels. A second one
// exits at once, with the code that shells give to a process that the signal
// ended. stop forgets the signals and releases the context.
func interruptible(parent context.Context, signals <-chan os.Signal, exit func(code int)) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(parent)
	stopped := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case s := <-signals:
				if n > 0 {
					exit(128 + int(s.(syscall.Signal))) // os/signal delivers nothing else
					return
				}
				cancel()
			case <-stopped:
				return
			}
		}
	}()
	return ctx, func() {
		close(stopped)
		cancel()
	}
}
