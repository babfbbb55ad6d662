package sim

import (
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

// percentile sends one further attempt when the call has lasted longer than all
// but the budget's share of the attempts did, as Finagle's BackupRequestFilter does.
// The digest takes every attempt for as long as it lived, whatever ended it.
type percentile struct {
	plan    *adapt.Plan
	share   float64
	initial time.Duration // the gap until the digest knows anything
	budget  *budget.Budget
	digest  digest
}

func newPercentile(share float64, initial time.Duration, now time.Time) *percentile {
	return &percentile{
		plan:    &staggered(2, initial).plan,
		share:   share,
		initial: initial,
		budget:  budget.New(budget.Settings{Percent: 100 * share}, now),
	}
}

func (p *percentile) begin() *adapt.Plan {
	p.budget.Call()
	return p.plan
}

func (p *percentile) admit(_ *adapt.Plan, _ hedge.Ask, _ float64, now time.Time) hedge.Reason {
	if !p.budget.Take(false, now) {
		return hedge.Budget
	}
	return hedge.Admitted
}

func (p *percentile) ended(_ hedge.Trigger, _ hedge.End, elapsed time.Duration) {
	p.digest.add(elapsed)
}

func (p *percentile) missed() {}

func (p *percentile) restarted(now time.Time) strategy { return newPercentile(p.share, p.initial, now) }

func (p *percentile) tick(time.Time) {
	if gap, ok := p.digest.quantile(1 - p.share); ok && gap != p.plan.Gaps[0] {
		p.plan = &staggered(2, gap).plan
	}
	p.digest.fade()
}
