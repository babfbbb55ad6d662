package adapt

import (
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// decide makes the plan that follows from the settings and what was learned.
func (v *view) decide(s *Settings) *Plan {
	p := &Plan{Samples: v.slow.weight, FairWait: s.Deadline / 2, Adaptive: s.Adaptive, HedgeShare: 1}
	p.AttemptTimeout = s.AttemptTimeout
	p.Figures = v.figures(s)
	if v.learned() {
		p.Learned = true
		p.P50, p.P99 = v.curve.quantile(0.5), v.curve.quantile(0.99)
		p.FairWait = max(waiting*p.P50, v.curve.quantile(0.95))
		if v.level.moved() > 0.5 {
			p.FairWait = 2 * s.Deadline
		}
		p.quick = v.curve.quantile(quick)
		p.LeastRemaining = v.hedges.quantile(0.05)
	}
	if s.Adaptive {
		p.State = v.state(s)
		p.paced = v.moved(s) >= 0.5
	}
	switch most := s.most(); {
	case most == 0:
		p.Rule = Given
	case s.Adaptive && p.Figures.Independence == 0:
		p.Rule = Stopped
	case s.Adaptive && p.Learned:
		v.plan(s, p)
	default:
		p.space(s, most, v.given(s, p.Learned))
	}
	p.finish(s)
	return p
}

// state returns what the upstream's state is taken for.
func (v *view) state(s *Settings) State {
	switch {
	case v.pushed:
		return Pushback
	case !v.learned():
		return Cold
	case v.moved(s) < 0.5:
		return Steady
	case v.evidence.help(v.moved(s)) < 0.5:
		return Overload
	default:
		return Moved
	}
}

func (v *view) figures(s *Settings) Figures {
	f := Figures{
		Budget: v.money.share, Stock: v.money.stock,
		OfHedges:  v.evidence.conditional(hedge.Stagger, v.moved(s)),
		OfRetries: v.evidence.conditional(hedge.Failure, v.moved(s)),
		Evidence:  v.evidence.expected[hedge.Stagger],
		Moved:     v.level.moved(), LatencyRatio: max(v.level.ratio, 1), Independence: v.independence(s),
	}
	if v.learned() {
		answered := by(&v.curve.answered, s.Deadline)
		f.FailureRate, f.Planned, f.Explicit = 1-answered, answered, by(&v.curve.failed, s.Deadline)
	}
	return f
}

// given returns the stagger that is not searched for.
func (v *view) given(s *Settings, learned bool) time.Duration {
	switch {
	case s.Mode == Fixed:
		return s.Fixed
	case learned && s.Mode == Quantile:
		return v.curve.quantile(s.Quantile)
	case learned:
		return s.Deadline / time.Duration(s.most()+1)
	default:
		return s.initial()
	}
}

// space plans hedges at equal gaps.
func (p *Plan) space(s *Settings, hedges int, stagger time.Duration) {
	p.Rule, p.Hedges, p.found = Given, hedges, stagger
	if s.Mode != Fixed {
		stagger, p.bound = s.bound(stagger)
	}
	for i := range hedges {
		p.Gaps[i] = stagger
	}
}

// plan plans by what was learned.
func (v *view) plan(s *Settings, p *Plan) {
	f, look := &p.Figures, &v.prospect
	f.Ceiling = f.Independence * v.money.early(look.late, look.retries)
	var found schedule
	if s.Mode == Auto {
		var early bool
		found, early = look.best(f.Ceiling, s)
		p.Rule = Late
		switch {
		case early:
			p.Rule = Early
		case look.late > f.Ceiling:
			p.Rule = BudgetBound
		}
	} else {
		stagger, bound := v.given(s, true), ""
		if s.Mode == Quantile {
			stagger, bound = s.bound(stagger)
		}
		found = look.fit(stagger, f.Ceiling)
		p.Rule, p.bound, p.found = Given, bound, v.given(s, true)
	}
	if found.share < 1 {
		p.Rule = BudgetBound
	}
	p.place(s, found, look.latest)
	f.Cost = found.cost + look.retries
	f.Slow = max(0, 1-by(&v.curve.answered, p.Gaps[0])-by(&v.curve.failed, p.Gaps[0]))
	f.Helped = by(&v.hedges.answered, s.Deadline-p.Gaps[0])
	f.Planned = 1 - look.missed(&found)
}

// place turns a schedule into gaps, within the policy's bounds.
func (p *Plan) place(s *Settings, found schedule, latest time.Duration) {
	p.Hedges, p.HedgeShare = s.most(), found.share
	first, gap := found.first, found.gap
	if s.Mode == Auto {
		var bound string
		first, p.bound = s.bound(found.first)
		if gap, bound = s.bound(found.gap); bound != "" {
			p.bound = bound
		}
		p.found = found.first
	}
	p.Gaps[0] = first
	for i := 1; i < p.Hedges; i++ {
		p.Gaps[i] = gap
	}
	p.Defer = max(latest-first, gap, 1)
}

// missed returns the share of calls without an answer at the deadline.
func (p *prospect) missed(s *schedule) float64 {
	last := p.n - 1
	open := p.waiting[last]
	for k := range p.hedges {
		open *= 1 - by(&p.helpers.answered, p.at[last]-s.first-time.Duration(k)*s.gap)
	}
	return s.share*(open+p.failed[last]) + (1-s.share)*p.unaided[last]
}

// finish completes a plan: what the race needs to know of it, and the reason.
func (p *Plan) finish(s *Settings) {
	p.FanOut, p.Most = s.most()+1, s.most()+1
	for i := p.Hedges; i < len(p.Gaps); i++ {
		p.Gaps[i] = hedge.Never
	}
	p.Stagger = p.Gaps[0]
	p.Reason = p.words(s)
}
