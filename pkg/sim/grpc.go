package sim

import (
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/hedge"
)

const (
	grpcAttempts   = 3
	grpcMaxTokens  = 10.0
	grpcTokenRatio = 0.1
)

// throttled is gRPC's hedging with retry throttling (gRFC A6): a fixed delay, and
// tokens that a failure costs one of and a success gives a tenth of. At half of
// them and below no further attempt is sent. A call that ends at its deadline counts as
// one failure.
type throttled struct {
	fixed
	delay  time.Duration
	tokens float64
}

func newThrottled(delay time.Duration) *throttled {
	return &throttled{fixed: *staggered(grpcAttempts, delay), delay: delay, tokens: grpcMaxTokens}
}

func (g *throttled) admit(*adapt.Plan, hedge.Ask, float64, time.Time) hedge.Reason {
	if g.tokens <= grpcMaxTokens/2 {
		return hedge.Budget
	}
	return hedge.Admitted
}

func (g *throttled) ended(_ hedge.Trigger, e hedge.End, _ time.Duration) {
	switch e {
	case hedge.Won:
		g.tokens = min(g.tokens+grpcTokenRatio, grpcMaxTokens)
	case hedge.Failed:
		g.tokens = max(g.tokens-1, 0)
	}
}

func (g *throttled) missed() { g.tokens = max(g.tokens-1, 0) }

func (g *throttled) restarted(time.Time) strategy { return newThrottled(g.delay) }
