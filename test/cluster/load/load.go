package load

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// maxInFlight bounds the calls in flight to a target, so that one which hangs does
// not eat the machine. A call beyond it is not sent and counts as failed.
const maxInFlight = 4096

// patience is how many deadlines an answer is waited for: it tells one that is late
// from one that never comes.
const patience = 3

// Load is a load that is being sent.
type Load struct {
	rate     float64
	deadline time.Duration
	stop     context.CancelFunc
	ended    chan struct{}
	tallies  []*tally
	machine  machine
}

// Start sends rate calls a second to each target until Stop. A call succeeds if it
// is answered with 2xx within the deadline, counted from the instant that it was
// due.
func Start(ctx context.Context, rate float64, deadline time.Duration, targets ...*Target) *Load {
	ctx, stop := context.WithCancel(ctx)
	l := &Load{rate: rate, deadline: deadline, stop: stop, ended: make(chan struct{}), machine: machine{read: processors}}
	for _, t := range targets {
		l.tallies = append(l.tallies, &tally{target: t})
	}
	go l.run(ctx)
	return l
}

// Stop ends the load, waits for calls in flight, and returns what became of each
// target's.
func (l *Load) Stop() []Result {
	l.stop()
	<-l.ended
	var results []Result
	for _, t := range l.tallies {
		t.target.close()
		results = append(results, t.result())
	}
	return results
}

// StopFair is Stop, but calls are taken out that were not answered within the deadline
// while the machine was starved of its processors: results say how many. Calls that
// failed sooner stay, whatever the machine did.
func (l *Load) StopFair() []Result {
	results := l.Stop()
	for i := range results {
		results[i].excuse(l.deadline, &l.machine)
	}
	return results
}

// run sends each call at its instant; when the machine was late, those that are
// due go at once.
func (l *Load) run(ctx context.Context) {
	defer close(l.ended)
	var calls sync.WaitGroup
	watched, end := context.WithCancel(context.Background())
	var watch sync.WaitGroup
	watch.Go(func() { l.machine.watch(watched) })
	defer func() {
		calls.Wait()
		end()
		watch.Wait()
	}()
	begin := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := 0; ; n++ {
		due := begin.Add(time.Duration(float64(n) / l.rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
		} else if ctx.Err() != nil {
			return
		}
		for _, t := range l.tallies {
			calls.Go(func() { l.call(t, due) })
		}
	}
}

// call sends one. Its end is its own: the load's end does not cut it off.
func (l *Load) call(t *tally, due time.Time) {
	if !t.enter() {
		t.failed(due, 0, fmt.Sprintf("not sent: %d calls are unanswered", maxInFlight))
		return
	}
	defer t.leave()
	ctx, cancel := context.WithDeadline(context.Background(), due.Add(patience*l.deadline))
	defer cancel()
	err := t.target.call(ctx)
	took := time.Since(due)
	switch {
	case err != nil:
		t.failed(due, took, err.Error())
	case took > l.deadline:
		t.failed(due, took, fmt.Sprintf("late: answered after %v", took.Round(time.Millisecond)))
	default:
		t.succeeded(took)
	}
}
