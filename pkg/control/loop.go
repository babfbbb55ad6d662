package control

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// Source is where policies come from. It emits whole snapshots until ctx is
// done; an error ends the loop.
type Source interface {
	Run(ctx context.Context, emit func(source.Snapshot)) error
}

// Options are what a Loop works with.
type Options struct {
	Sources       []Source            // any number; none is an empty set of policies
	ClusterDomain string              // such as cluster.local, for the forms of a Service's name
	Publish       func(*policy.Table) // takes a new table; called by Run only, one call at a time
	// LastGood is what served when an earlier run ended. Run asks once, before it
	// decides for the first time; nil: nothing is known of an earlier run.
	LastGood func(context.Context) []policy.Kept
	Problem  func() error // why a source has no snapshot yet, if one can tell; nil: none can
	Log      *slog.Logger
}

// Loop reads policies from sources and publishes them as tables.
type Loop struct {
	options Options
	view    atomic.Pointer[view]
	changed chan struct{}
}

// view is what Status, Serving and Ready tell. It is never changed.
type view struct {
	status   Status
	serving  []*policy.Policy // by identity
	notReady error
}

// New makes a loop that has yet to run.
func New(o Options) *Loop {
	l := &Loop{options: o, changed: make(chan struct{}, 1)}
	l.view.Store(&view{notReady: waiting(len(o.Sources), len(o.Sources))})
	return l
}

func waiting(pending, all int) error {
	return fmt.Errorf("policies: waiting for the first snapshot of %d of %d sources", pending, all)
}

// Run runs the sources and publishes until ctx is done or a source fails. The
// first table is published when every source has given its first snapshot, so
// that precedence at the start does not hang on which was faster. Run it once.
func (l *Loop) Run(ctx context.Context) error {
	type arrival struct {
		source   int
		snapshot source.Snapshot
	}
	arrivals := make(chan arrival)
	group, ctx := errgroup.WithContext(ctx)
	for i, s := range l.options.Sources {
		group.Go(func() error {
			return s.Run(ctx, func(snapshot source.Snapshot) {
				select {
				case arrivals <- arrival{i, snapshot}:
				case <-ctx.Done():
				}
			})
		})
	}
	group.Go(func() error {
		state := newState(l.options)
		if l.options.LastGood != nil {
			state.restore(l.options.LastGood(ctx))
		}
		snapshots := make([]source.Snapshot, len(l.options.Sources))
		arrived := make(map[int]bool)
		for {
			if pending := len(snapshots) - len(arrived); pending > 0 {
				l.view.Store(&view{notReady: waiting(pending, len(snapshots))})
			} else {
				l.view.Store(state.reload(ctx, snapshots))
				select {
				case l.changed <- struct{}{}:
				default: // what was told last has not been taken yet
				}
			}
			select {
			case <-ctx.Done():
				return nil
			case a := <-arrivals:
				snapshots[a.source] = a.snapshot
				arrived[a.source] = true
			}
		}
	})
	return group.Wait()
}

// Ready is nil once the first snapshot of every source was processed, unless
// there are documents and nothing of them serves. A bad policy beside good ones
// is no reason, and neither is an empty set.
func (l *Loop) Ready() error {
	v := l.view.Load()
	if v.status.Reloads == 0 && l.options.Problem != nil {
		if problem := l.options.Problem(); problem != nil {
			return fmt.Errorf("%w: %w", v.notReady, problem)
		}
	}
	return v.notReady
}

// Changed gives a value after a reload, one for several if they come faster than
// they are taken. It is for one consumer.
func (l *Loop) Changed() <-chan struct{} { return l.changed }

// Serving is what is to be kept of the policies that serve, by identity. The texts
// share memory with other callers: do not change them.
func (l *Loop) Serving() []policy.Kept {
	serving := l.view.Load().serving
	kept := make([]policy.Kept, len(serving))
	for i, p := range serving {
		kept[i] = p.Keep()
	}
	return kept
}

// Status tells about every document of the last snapshots. It shares memory with
// other callers: do not change it.
func (l *Loop) Status() Status { return l.view.Load().status }
