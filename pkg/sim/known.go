package sim

import (
	"context"
	"time"
)

// known is what an operator who sets strategies by hand knows of the upstream:
// the latencies of its answers without hedging, while nothing disturbs it.
type known struct {
	median, p95, p99 time.Duration
	answers          []int64 // sorted, in nanoseconds
}

// earliest returns the time after which no more than that share of calls is unanswered.
func (k *known) earliest(share float64) time.Duration {
	rank := int((1 - share) * float64(len(k.answers)))
	if rank <= 0 {
		return time.Millisecond
	}
	return time.Duration(k.answers[min(rank, len(k.answers)-1)])
}

// It is learned from that many calls, or from as many as the scenario has.
const (
	leastPilot = 2000
	mostPilot  = 20_000
)

// learnUpstream plays the beginning of the scenario without hedging and without its disturbances.
func (m *simulation) learnUpstream(ctx context.Context) error {
	calm := *m
	calm.scenario = m.scenario.calm()
	calm.scenario.WarmUp, calm.scenario.Leaves = 0, 1
	r := calm.run(func() strategy { return staggered(1, 0) }, m.pick(none), min(max(m.calls, leastPilot), mostPilot))
	if err := r.play(ctx, nil); err != nil {
		return err
	}
	t := &r.tally
	t.sort()
	t.roots = len(t.answers) // of the answers only: nobody sees how late the others are
	m.known = known{median: t.percentile(0.5), p95: t.percentile(0.95), p99: t.percentile(0.99), answers: t.answers}
	return nil
}
