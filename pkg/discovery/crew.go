package discovery

import (
	"context"
	"sync"
)

// crew is work that goes on while Run does. The zero value is usable.
type crew struct {
	mu      sync.Mutex
	ctx     context.Context // of run; nil before
	ended   bool
	waiting []func(context.Context)
	working sync.WaitGroup
}

// add has f run now, or as soon as run is called; not at all after its end.
func (c *crew) add(f func(context.Context)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ctx == nil:
		c.waiting = append(c.waiting, f)
	case !c.ended:
		c.working.Go(func() { f(c.ctx) })
	}
}

// run returns when ctx is done and all work has ended.
func (c *crew) run(ctx context.Context) {
	c.mu.Lock()
	c.ctx = ctx
	for _, f := range c.waiting {
		c.working.Go(func() { f(ctx) })
	}
	c.waiting = nil
	c.mu.Unlock()

	<-ctx.Done()
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.working.Wait()
}
