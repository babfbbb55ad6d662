package adapt

import (
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

const (
	gridPoints = 60 // instants at most at which a hedge may be launched
	gridDense  = 40 // of them, the first ones: each bucket's edge
	mostHedges = hedge.MaxFanOut - 1
)

// grid is what the search knows of the upstream, at instants of a call's life from
// the first at which answers come to the deadline.
type grid struct {
	n           int                             // instants
	at          [gridPoints]time.Duration       // rising; the last is the deadline
	outstanding [gridPoints]float64             // share of first attempts not ended by then
	failed      [gridPoints]float64             // share of them that failed explicitly by then
	waiting     [gridPoints]float64             // share of calls by then with an attempt outstanding, first one or retry
	lost        [gridPoints]float64             // share of calls by then whose attempts all failed explicitly
	gain        [gridPoints][gridPoints]float64 // gain[i][j]: share of hedges launched at i that are answered by j
}

// lay lays the grid over the curves of first attempts and of hedges, from the first
// instant at which no more than a share of the attempts will end later: bucket by
// bucket, then in wider steps.
func (g *grid) lay(first, hedges *curve, deadline time.Duration, later float64) {
	from, to := bucketOf(first.quantile(0.1)), bucketOf(deadline)
	ended := first.answered[to] + first.failed[to]
	for from < to && ended-first.answered[from]-first.failed[from] > later {
		from++
	}
	g.n = 0
	for i := from; i <= to && edge(i) < deadline; {
		g.at[g.n] = edge(i)
		g.n++
		if g.n < gridDense {
			i++
		} else {
			i += max(1, (to-from-gridDense)/(gridPoints-gridDense-1)+1)
		}
	}
	g.at[g.n] = deadline
	g.n++
	for i := range g.n {
		answered := by(&first.answered, g.at[i])
		g.failed[i] = by(&first.failed, g.at[i])
		g.outstanding[i] = max(0, 1-answered-g.failed[i])
		for j := i; j < g.n; j++ {
			g.gain[i][j] = by(&hedges.answered, g.at[j]-g.at[i])
		}
	}
}

// retry enters what becomes of explicit failures: each launches a retry with a
// probability, up to so many. They fail early: the median age stands for all.
func (g *grid) retry(retries *curve, age time.Duration, most int, share float64) {
	for x := range g.n {
		answered, failed := by(&retries.answered, g.at[x]-age), by(&retries.failed, g.at[x]-age)
		chain, each := 0.0, 1.0
		for range most {
			chain += each
			each *= failed
		}
		g.waiting[x] = g.outstanding[x] + g.failed[x]*share*chain*max(0, 1-answered-failed)
		g.lost[x] = g.failed[x] * (1 - share + share*each)
	}
}

// nearest returns the instant of the grid closest to t.
func (g *grid) nearest(t time.Duration) int {
	for i := range g.n {
		if g.at[i] >= t {
			if i > 0 && t-g.at[i-1] < g.at[i]-t {
				return i - 1
			}
			return i
		}
	}
	return g.n - 1
}

// ladder is the hedges of a plan, by the grid's instants at which they are launched.
type ladder struct {
	k     int
	at    [mostHedges]int
	share float64 // of the calls that need the last one, those in which it is sent
}

// load returns how many hedges a call costs: all but the last, and the last one.
func (g *grid) load(l *ladder) (others, last float64) {
	for i := range l.k {
		due := g.due(l, i, l.at[i])
		if i == l.k-1 {
			return others, due
		}
		others += due
	}
	return others, 0
}

// unserved returns the share of calls without an answer at instant x: those that no
// share of the last hedge helps, and those that it may help with its chance to.
func (g *grid) unserved(l *ladder, x int) (lost, open, chance float64) {
	open = g.waiting[x]
	for i := range l.k {
		if l.at[i] >= x {
			break
		}
		if i == l.k-1 {
			chance = g.gain[l.at[i]][x]
			break
		}
		open *= 1 - g.gain[l.at[i]][x]
	}
	return g.lost[x], open, chance
}

// miss returns the share of calls without an answer at instant x.
func (g *grid) miss(l *ladder, x int) float64 {
	lost, open, chance := g.unserved(l, x)
	return lost + open*(1-l.share*chance)
}

// cost returns the hedges of a call.
func (g *grid) cost(l *ladder) float64 {
	others, last := g.load(l)
	return others + l.share*last
}
