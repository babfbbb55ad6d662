package adapt

import (
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// A plan is found for what was seen, and a peak begins before a tick sees it. What
// it may cost to be wrong, as shares of the budget that hedges have:
const (
	putOff = 0.1  // the hedges of calls that the draw was against, when they come after all
	spare  = 0.02 // each hedge that the target does not need
)

const (
	evidence = 20  // successes to be expected of hedges, before spares are launched
	kept     = 0.9 // of its chance, that a hedge which is put off keeps
	flat     = 1.1 // times the calls that wait for the latest instant: no fewer are worth waiting for
	hope     = 0.5 // of being answered by the deadline, with which a spare is worth sending
)

// insure has calls hedged that the plan leaves alone, so late that few are left: those
// that the last hedge was not drawn for, and then all that still wait, up to the
// policy's fan-out. It costs little as long as the upstream is what it seems, and is
// what answers the first calls of a peak. Where hedges have not been seen to succeed
// on their own there are no spares, since what begins may be a queue as well.
func (v *view) insure(s *Settings, p *Plan, g *grid, l ladder, budget float64) {
	f, end := &p.Figures, g.n-1
	lost, open, chance := g.unserved(&l, end)
	missed := open * (1 - l.share*chance)
	if l.k > 0 && l.share < 1 {
		if at := g.again(&l, putOff*budget, v.further.proven()); at > 0 {
			p.Defer = g.at[at] - g.at[l.at[l.k-1]]
			cost := (1 - l.share) * g.due(&l, l.k-1, at)
			paid := 1.0
			if left := max(0, f.Budget-f.Cost); cost > left {
				paid = left / cost // the stock may pay for more
			}
			f.Cost += paid * cost
			missed -= paid * open * (1 - l.share) * g.gain[at][end]
		}
	}
	if most := v.mostSpares(s); most > 0 && p.Rule != NoGain {
		p.spare(s, g, &l, most, spare*budget)
		for i := p.Hedges; i < l.k; i++ {
			missed *= 1 - g.gain[l.at[i]][end]
			f.Cost += g.due(&l, i, l.at[i])
		}
	}
	f.Planned = max(0, 1-lost-missed)
	f.Cost = min(f.Cost, max(f.Budget, 0))
}

// mostSpares returns how many spares there may be. Hedges that are seen to help may be
// many. Before that there may be one while the target cannot be known to be met: n
// attempts of which none failed leave a failure rate of 3/n possible, the rule of three.
func (v *view) mostSpares(s *Settings) int {
	switch {
	case v.further.proven():
		return hedge.MaxFanOut
	case float64(v.observed)*(1-s.Target) < 3:
		return 1
	default:
		return 0
	}
}

// spare adds hedges to a ladder, each of which costs no more than the ceiling.
func (p *Plan) spare(s *Settings, g *grid, l *ladder, atMost int, ceiling float64) {
	before := time.Duration(0)
	if l.k > 0 {
		before = g.at[l.at[l.k-1]]
	}
	for most := min(s.FanOut, hedge.MaxFanOut) - 1; l.k < most && p.Spares < atMost; l.k++ {
		at := g.spare(l, before+s.Min, ceiling)
		if at < 0 || g.at[at]-before > s.longest() {
			return
		}
		p.Gaps[l.k], l.at[l.k] = g.at[at]-before, at
		before = g.at[at]
		p.Spares++
	}
}

// proven reports whether hedges were seen to succeed as well as first attempts do.
func (f *further) proven() bool {
	return f.expected[hedge.Stagger] >= evidence && f.conditional(hedge.Stagger) >= alone
}

// due returns the share of calls in which hedge i, at that instant, comes due: those
// before it did not help.
func (g *grid) due(l *ladder, i, at int) float64 {
	share := g.outstanding[at]
	for _, earlier := range l.at[:i] {
		share *= 1 - g.gain[earlier][at]
	}
	return share
}

// again returns the instant for the calls that a ladder's last hedge is not drawn for:
// when so few are left that they cost no more than the ceiling or, if hedges are known
// to help, when hardly fewer will be left later; 0 if there is none.
func (g *grid) again(l *ladder, ceiling float64, proven bool) int {
	last, end := l.k-1, g.n-1
	planned := l.at[last]
	latest := planned
	for latest+1 < end && g.gain[latest+1][end] >= kept*g.gain[planned][end] {
		latest++
	}
	cost := func(at int) float64 { return (1 - l.share) * g.due(l, last, at) }
	if proven {
		ceiling = max(ceiling, flat*cost(latest))
	}
	for at := planned + 1; at <= latest; at++ {
		if cost(at) <= ceiling {
			return at
		}
	}
	return 0
}

// spare returns the first instant after a ladder, and not before the earliest, at which
// one more hedge costs no more than the ceiling; -1 if it would be too late by then.
func (g *grid) spare(l *ladder, earliest time.Duration, ceiling float64) int {
	end := g.n - 1
	for at := range end {
		if l.k > 0 && at <= l.at[l.k-1] || g.at[at] < earliest || g.due(l, l.k, at) > ceiling {
			continue
		}
		if g.gain[at][end] < hope {
			return -1
		}
		return at
	}
	return -1
}
