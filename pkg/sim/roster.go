package sim

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Strategies returns the names of the strategies, in the order of a report.
func Strategies() []string { return slices.Clone(strategyTable[:]) }

var strategyTable = [...]string{none, noHedge, sequentialRetry, "all-at-once-2", "all-at-once-3", "fixed-stagger", "grpc", "percentile", bestStatic, champion}

const (
	none            = "none"
	noHedge         = "no-hedge"
	sequentialRetry = "sequential"
	bestStatic      = "best-static"
	champion        = "adaptive"
)

// pick is how a strategy's attempts find an endpoint.
func (m *simulation) pick(name string) pick {
	switch {
	case name == champion, name == noHedge:
		return byScore
	case m.scenario.Upstream.Balancing == LeastInFlight:
		return byInFlight
	default:
		return atRandom
	}
}

// strategy returns how a daemon's part of a strategy is made, and what it is set to.
func (m *simulation) strategy(ctx context.Context, name string) (build func() strategy, setting string, err error) {
	same := func(s strategy) func() strategy { return func() strategy { return s } }
	switch name {
	case noHedge:
		return func() strategy { return newAdaptive(m.terms, true, epoch()) }, "", nil
	case "all-at-once-2":
		return same(staggered(2, 0)), "", nil
	case "all-at-once-3":
		return same(staggered(3, 0)), "", nil
	case "fixed-stagger":
		gap := 2 * m.known.median
		return same(staggered(fixedFanOut, gap)), fmt.Sprintf("%d attempts, %v apart", fixedFanOut, rounded(gap)), nil
	case "grpc":
		gap := m.known.p95
		setting = fmt.Sprintf("%d attempts, %v apart, throttled", grpcAttempts, rounded(gap))
		return func() strategy { return newThrottled(gap) }, setting, nil
	case "percentile":
		share := min(m.terms.budget.Percent/100, 1)
		setting = fmt.Sprintf("one hedge at p%.4g", 100*(1-share))
		return func() strategy { return newPercentile(share, m.deadline/2, epoch()) }, setting, nil
	case bestStatic:
		c, err := m.bestStatic(ctx)
		return same(newStatic(c, m.terms.learn.FanOut)), c.String(), err
	case champion:
		return func() strategy { return newAdaptive(m.terms, false, epoch()) }, "", nil
	default:
		return same(staggered(1, 0)), "", nil
	}
}

const (
	sequentialTries = 3
	fixedFanOut     = 3
)

// timeouts are the time-outs of an attempt that an engineer may choose for sequential
// retry: parts of the deadline, and what all but one in a hundred answers take.
func (m *simulation) timeouts() []timeout {
	return []timeout{
		{m.deadline / 2, "half the deadline"},
		{m.deadline / 3, "a third of the deadline"},
		{m.deadline / 4, "a quarter of the deadline"},
		{min(m.known.p99, m.deadline*9/10), "the upstream's p99"},
	}
}

// timeout is how long sequential retry waits for an attempt, and what that is.
type timeout struct {
	after time.Duration
	is    string
}

func (t timeout) setting() string {
	return fmt.Sprintf("%d attempts, each %v at most, %s: the best of four time-outs", sequentialTries, rounded(t.after), t.is)
}

// rounded leaves three digits.
func rounded(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for 1000*unit <= d {
		unit *= 10
	}
	return d.Round(unit)
}
