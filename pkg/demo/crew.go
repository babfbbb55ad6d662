package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"hedged.dev/hedged/pkg/policy"
)

// crew is the daemons of a run. Another may take the place of one while calls arrive.
type crew struct {
	places []atomic.Pointer[front]
}

// at is the daemon that calls of that number go to now.
func (c *crew) at(place int) *front { return c.places[place].Load() }

// close stops all of them.
func (c *crew) close() error {
	var errs []error
	for i := range c.places {
		if f := c.at(i); f != nil {
			errs = append(errs, f.close())
		}
	}
	return errors.Join(errs...)
}

// start starts a daemon, gives it the strategies' policies, and sends what is called
// from then on to it. The one that it takes the place of ends when it has answered the
// calls that it has: like a Deployment that is rolled, nobody is refused meanwhile.
func (p *player) start(ctx context.Context, daemons *crew, place int, parts []*part, now *policy.Policy) error {
	f, err := newFront(ctx, p.Err)
	if err != nil {
		return err
	}
	for _, one := range parts {
		if one.tally == nil {
			// The call that finds out whether a policy is in force is answered well, so
			// that nothing bad is learned of the replicas.
			one.fleet.begin(func(int) behaviour { return careless{habits: func(time.Duration) habits { return habits{} }} }, 0)
		}
		if err := one.follow(ctx, f, now); err != nil {
			return errors.Join(err, f.close())
		}
	}
	if before := daemons.places[place].Swap(f); before != nil {
		return before.close()
	}
	return nil
}

// follow gives a daemon the strategy's variant of a policy.
func (one *part) follow(ctx context.Context, f *front, now *policy.Policy) error {
	document, err := one.of(now, one.fleet.addresses())
	if err != nil {
		return err
	}
	return f.serve(ctx, one.strategy, document)
}

// happening is something that is done at an instant of a run.
type happening struct {
	at   time.Duration
	what string
	do   func(ctx context.Context) error
}

// happenings are in the order of time.
type happenings []happening

// run does each at its instant.
func (h happenings) run(ctx context.Context, start time.Time) error {
	for _, one := range h {
		if !wait(ctx, time.Until(start.Add(one.at))) {
			return ctx.Err()
		}
		if err := one.do(ctx); err != nil {
			return fmt.Errorf("%s at %v: %w", one.what, one.at, err)
		}
	}
	return nil
}

// events is what happens to the daemons in a run, as the scenario has it: edits of the
// policy, for the strategies that follow it, and restarts.
func (p *player) events(played *performance, daemons *crew) happenings {
	now := p.scenario.Policy
	var all happenings
	for _, e := range p.scenario.Edits {
		all = append(all, happening{at: e.At, what: "edit", do: func(ctx context.Context) error {
			now = e.Policy
			for _, one := range played.parts {
				if one.name == sequentialRetry {
					continue
				}
				for i := range daemons.places {
					if err := one.follow(ctx, daemons.at(i), now); err != nil {
						return err
					}
				}
			}
			return nil
		}})
	}
	for _, r := range p.scenario.Restarts {
		all = append(all, happening{at: r.At, what: "restart", do: func(ctx context.Context) error {
			for i := range daemons.places {
				if r.Daemon != 0 && r.Daemon != i+1 {
					continue
				}
				if err := p.start(ctx, daemons, i, played.parts, now); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	if p.besides != nil {
		all = append(all, p.besides(played)...)
	}
	slices.SortStableFunc(all, func(a, b happening) int { return cmp.Compare(a.at, b.at) })
	return all
}
