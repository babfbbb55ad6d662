package adapt

import (
	"math"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// lossPrice is the share of calls that a further attempt must save, when the
// budget's stock is full; it rises as that empties.
const lossPrice = 0.01

// slack is by how much the tail may raise the load that the losses take, whatever
// is left of the budget: an early hedge costs hardly more than a late one.
const slack = 0.25

// afresh is how often a search looks everywhere.
const afresh = 8

// earliest is how many times its budget a plan would cost if every attempt that ends
// after the earliest instant of a hedge were hedged.
const earliest = 10

// suspected is the share of the budget that hedges have, where requests have queued and
// hedges have not been seen to help since.
const suspected = 0.1

// fairQuantile is the share of answers that a fair wait leaves time for: three
// medians are next to nothing where answers queue.
const fairQuantile = 0.95

// decide makes the plan that follows from the settings and what was learned.
func (v *view) decide(s *Settings) *Plan {
	p := &Plan{Samples: v.slow.weight, FairWait: s.Deadline / 2, Adaptive: s.Adaptive, trusting: s.Adaptive && !s.TrustUpstream}
	p.AttemptTimeout = s.AttemptTimeout
	p.HedgeShare, p.RetryShare = 1, 1
	if s.Adaptive {
		p.State = v.state()
	}
	if v.learned() {
		p.Learned = true
		p.P50, p.P99 = v.curve.quantile(0.5), v.curve.quantile(0.99)
		p.FairWait = max(fairWaits*p.P50, v.curve.quantile(fairQuantile))
		p.LeastRemaining = v.hedges.quantile(0.05)
		p.Figures = v.figures(s)
	}
	most := min(max(s.FanOut, 1), hedge.MaxFanOut) - 1 // further attempts
	switch {
	case most == 0:
		p.Rule = Given
	case s.Adaptive && v.gate.shut != "":
		v.last = ladder{}
		v.stop(s, p)
	case s.Mode != Auto && (!s.Adaptive || !p.Learned):
		p.climb(s, min(most, p.coldMost(s, most)), s.given(&v.curve, p.Learned))
	case !p.Learned:
		p.climb(s, p.coldMost(s, most), s.initial())
	default:
		v.search(s, p, most)
	}
	p.describe(s)
	return p
}

// coldMost is how many further attempts there are while nothing is known: an
// adaptive plan begins with one.
func (p *Plan) coldMost(s *Settings, most int) int {
	if s.Adaptive {
		return 1
	}
	return most
}

// state returns what the upstream's state is taken for.
func (v *view) state() State {
	switch {
	case v.gate.shut != "":
		return v.gate.shut
	case !v.learned():
		return Cold
	case !v.regime.shifted:
		return Steady
	case peaking(v.recent, v.usual):
		return Peak
	default:
		return Shift
	}
}

func (v *view) figures(s *Settings) Figures {
	answered := by(&v.curve.answered, s.Deadline)
	return Figures{
		FailureRate: 1 - answered,
		Explicit:    by(&v.curve.failed, s.Deadline),
		Planned:     answered,
		Stock:       v.allowance.stock,
		OfHedges:    v.further.conditional(hedge.Stagger),
		OfRetries:   v.further.conditional(hedge.Failure),
		Efficacy:    v.efficacy(),
		Gradient:    max(v.gate.gradient, 1),
		Gate:        v.gate.open(),
	}
}

// given returns the stagger of modes Fixed and Quantile.
func (s *Settings) given(c *curve, learned bool) time.Duration {
	switch {
	case s.Mode == Fixed:
		return s.Fixed
	case !learned:
		return s.initial()
	default:
		return c.quantile(s.Quantile)
	}
}

// worthwhile is how well retries must do, beside first attempts, to be launched
// behind a shut gate.
const worthwhile = 0.8

// stop makes the plan behind a shut gate: no hedge, since what queues only queues
// longer. A retry replaces an attempt that is over. As long as these do well it is
// launched still, once, within the budget and without the stock.
func (v *view) stop(s *Settings, p *Plan) {
	p.Rule = Stopped
	if p.State == OverloadCorrelated || v.further.conditional(hedge.Failure) < worthwhile {
		return
	}
	failed := p.Figures.Explicit
	p.Figures.Budget = v.allowance.most(false, 0)
	p.Retries = 1
	if failed > p.Figures.Budget {
		p.RetryShare = p.Figures.Budget / failed
	}
	p.Figures.Cost = failed * p.RetryShare
	p.Figures.Planned += p.Figures.Cost * by(&v.retries.answered, s.Deadline-v.failedAt(s))
}

// climb plans hedges at equal gaps.
func (p *Plan) climb(s *Settings, hedges int, stagger time.Duration) {
	p.Rule, p.found = Given, stagger
	if s.Mode != Fixed {
		stagger, p.bound = s.bound(stagger)
	}
	p.Hedges = hedges
	for i := range hedges {
		p.Gaps[i] = stagger
	}
}

// search plans by what was learned.
func (v *view) search(s *Settings, p *Plan, most int) {
	var g grid
	f, a := &p.Figures, &v.allowance
	limit := 1 - s.Target
	open, independence := 1.0, 1.0
	if s.Adaptive {
		open = v.gate.open()
		if !s.TrustUpstream {
			independence = v.further.independence()
			if v.gate.suspect {
				independence = min(independence, suspected)
			}
		}
	}
	losing := v.losing(s)
	budget := open * a.most(losing, v.gate.calm()*max(0, 2*independence-1))

	g.lay(&v.curve, &v.hedges, s.Deadline, earliest*budget)
	end := g.n - 1

	// Retries first: nothing is worth more for its load.
	chain := v.retry(s, p, most, budget, limit)
	g.retry(&v.retries, v.failedAt(s), p.Retries, p.RetryShare)
	f.Budget = budget
	left := independence * max(0, budget-chain)

	hint := v.hint(&g)
	v.searches++
	goal := aim{x: end, limit: limit, ceiling: left, most: most, afresh: v.searches%afresh == 1}
	if !s.Adaptive {
		goal.fewest = most
	}
	var found ladder
	horizon := end
	switch {
	case s.Mode != Auto:
		found = v.count(s, &g, goal)
		p.Rule = TargetMet
	default:
		goal.finally = limit
		var worth float64
		found, worth = g.find(&goal, &hint)
		p.Rule = TargetMet
		if worth >= unfit/2 { // out of reach
			p.Rule = BudgetBound
			goal.limit, goal.price = 0, lossPrice*(2-a.full)
			found, _ = g.find(&goal, &hint)
			within, alone := g.miss(&found, end), g.miss(&ladder{share: 1}, end)
			goal.limit, goal.finally = coarse*within, within+yield*(alone-within)
		}
		goal.ceiling = min(left, max(g.cost(&found)*(1+slack), independence*(open*a.most(false, 0)-chain)))
		found, horizon = g.shorten(goal, found, tailPrice+tailRise*math.Pow(g.cost(&found)+chain, 2), v.last.k, g.nearest(v.horizon))
		if found.k > 0 && horizon < end && p.Rule == TargetMet {
			p.Rule = Tail
		}
	}
	if g.miss(&found, end) > limit {
		p.Rule = BudgetBound
	}
	v.remember(&g, found)
	if found.k == 0 && chain == 0 && f.FailureRate > limit {
		p.Rule = NoGain
	}
	if s.Mode == Auto {
		p.place(s, &g, found)
	} else {
		rule := p.Rule
		p.climb(s, found.k, s.given(&v.curve, true))
		p.Rule = rule
	}
	f.Cost = g.cost(&found) + chain
	f.Planned = 1 - g.miss(&found, end)
	if s.Mode == Auto && s.Adaptive {
		v.insure(s, p, &g, found, left)
	}
	f.Horizon, v.horizon = g.at[horizon], g.at[horizon]
}

// retry plans what failures launch: as many attempts as the target needs, drawn if
// the budget does not pay for all. It returns what they cost a call.
func (v *view) retry(s *Settings, p *Plan, most int, budget, limit float64) (chain float64) {
	failed := p.Figures.Explicit
	again := by(&v.retries.failed, s.Deadline)
	p.Retries = 1
	cost, each := failed, failed
	for p.Retries < most && each*again > limit/2 {
		each *= again
		cost += each
		p.Retries++
	}
	if cost > budget && s.Adaptive {
		p.RetryShare = budget / cost
	}
	return cost * p.RetryShare
}

// failedAt returns the median age of explicit failures.
func (v *view) failedAt(s *Settings) time.Duration {
	half := by(&v.curve.failed, s.Deadline) / 2
	for i, f := range &v.curve.failed {
		if f >= half {
			return edge(i)
		}
	}
	return s.Deadline
}

// count finds how many hedges at the policy's own stagger the target needs.
func (v *view) count(s *Settings, g *grid, goal aim) ladder {
	stagger := s.given(&v.curve, true)
	if s.Mode == Quantile {
		stagger, _ = s.bound(stagger)
	}
	var l, best ladder
	l.share, best.share = 1, 1
	for l.k < goal.most && stagger*time.Duration(l.k+1) < s.Deadline && g.miss(&best, goal.x) > goal.limit {
		l.at[l.k] = g.nearest(stagger * time.Duration(l.k+1))
		l.k++
		if g.cost(&l) > goal.ceiling {
			break
		}
		best = l
	}
	return best
}

// hint returns the last search's answer on this grid.
func (v *view) hint(g *grid) ladder {
	l := v.last
	for i := range l.k {
		l.at[i] = min(g.nearest(v.lastGrid[i]), g.n-2)
	}
	return l
}

func (v *view) remember(g *grid, l ladder) {
	v.last = l
	for i := range l.k {
		v.lastGrid[i] = g.at[l.at[i]]
	}
}

// place turns a ladder into gaps, within the policy's bounds.
func (p *Plan) place(s *Settings, g *grid, l ladder) {
	p.HedgeShare = 1
	if l.k > 0 {
		p.HedgeShare = math.Round(l.share*1e4) / 1e4
	}
	p.Hedges = l.k
	before := time.Duration(0)
	for i := range l.k {
		gap, binds := s.bound(g.at[l.at[i]] - before)
		before = g.at[l.at[i]]
		p.Gaps[i] = gap
		if binds != "" {
			p.bound = binds
		}
	}
}
