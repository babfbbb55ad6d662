package adapt

import "math"

const (
	better = 0.001 // by which a plan with one more hedge must win
	sweeps = 3     // over the offsets of a ladder, at most
)

// aim is what a search is for. With a limit on misses it looks for the least cost
// that keeps it; without, for the fewest misses that the ceiling pays for.
type aim struct {
	x       int     // the instant by which calls are to be answered
	limit   float64 // share of calls that may miss it; 0: as few as possible
	finally float64 // with a limit, the share that may miss the deadline
	ceiling float64 // hedges a call, at most
	price   float64 // misses that one hedge must save
	fewest  int     // hedges
	most    int
	afresh  bool // look everywhere, not only around the last answer
}

// unfit is the worth of a ladder that breaks its aim, plus how far.
const unfit = 1e3

// weigh returns how good a ladder is, the less the better, with the share of its
// last hedge that is best.
func (g *grid) weigh(l *ladder, a *aim) (worth, share float64) {
	others, last := g.load(l)
	lost, open, chance := g.unserved(l, a.x)
	if others > a.ceiling {
		return unfit + others - a.ceiling, 1
	}
	share = 1.0
	if last > 0 {
		share = min(1, (a.ceiling-others)/last)
	}
	if a.limit == 0 {
		return lost + open*(1-share*chance) + a.price*(others+share*last), share
	}
	need, excess := a.need(lost, open, chance, share, a.limit)
	if a.x < g.n-1 {
		lost, open, chance = g.unserved(l, g.n-1)
		needed, beyond := a.need(lost, open, chance, share, a.finally)
		need, excess = max(need, needed), excess+beyond
	}
	if excess > 0 {
		return unfit / 2 * (1 + excess), share
	}
	return others + need*last, need
}

// need returns the share of the last hedge that a limit asks for, and by how much
// the misses exceed it with the share that is affordable.
func (a *aim) need(lost, open, chance, affordable, limit float64) (share, excess float64) {
	if excess = lost + open*(1-affordable*chance) - limit; excess > 0 {
		return affordable, excess
	}
	if lost+open <= limit {
		return 0, 0
	}
	return (lost + open - limit) / (open * chance), 0
}

// find returns the best ladder for an aim. The hint is an answer to a similar one.
func (g *grid) find(a *aim, hint *ladder) (found ladder, worth float64) {
	found.share = 1
	worth, _ = g.weigh(&found, a)
	if a.fewest > 0 {
		worth = math.Inf(1)
	}
	if g.n < 2 { // no instant before the deadline at which an answer could have come
		return found, worth
	}
	grown := found
	for grown.k < a.most {
		w := g.grow(&grown, a)
		if grown.k == 2 && a.afresh {
			if l, lw := g.pair(a); lw < w {
				grown, w = l, lw
			}
		}
		if hint != nil && hint.k == grown.k {
			h := *hint
			if hw := g.polish(&h, a); hw < w {
				grown, w = h, hw
			}
		}
		if grown.k <= a.fewest || w < worth-better*math.Abs(worth) {
			found, worth = grown, w
		} else if w < unfit/2 {
			break
		}
	}
	return found, worth
}

// grow adds one hedge where it is worth most.
func (g *grid) grow(l *ladder, a *aim) (worth float64) {
	best := *l
	best.insert(0)
	worth, best.share = g.weigh(&best, a)
	for d := 1; d < g.n-1; d++ {
		trial := *l
		trial.insert(d)
		w, share := g.weigh(&trial, a)
		if w < worth {
			worth, best = w, trial
			best.share = share
		}
	}
	*l = best
	return g.polish(l, a)
}

// pair returns the best two hedges: what has to start early and together does not
// grow out of the best single hedge.
func (g *grid) pair(a *aim) (best ladder, worth float64) {
	worth = math.Inf(1)
	for i := range g.n - 1 {
		for j := i; j < g.n-1; j++ {
			trial := ladder{k: 2, at: [mostHedges]int{i, j}}
			if w, share := g.weigh(&trial, a); w < worth {
				worth, best = w, trial
				best.share = share
			}
		}
	}
	return best, worth
}

// insert adds a hedge, keeping the order.
func (l *ladder) insert(d int) {
	i := l.k
	for i > 0 && l.at[i-1] > d {
		l.at[i] = l.at[i-1]
		i--
	}
	l.at[i] = d
	l.k++
}

// polish moves one hedge after another to where it is worth most, until none moves.
func (g *grid) polish(l *ladder, a *aim) (worth float64) {
	worth, l.share = g.weigh(l, a)
	for range sweeps {
		moved := false
		for i := range l.k {
			low, high := 0, g.n-2
			if i > 0 {
				low = l.at[i-1]
			}
			if i < l.k-1 {
				high = l.at[i+1]
			}
			trial := *l
			for d := low; d <= high; d++ {
				if d == l.at[i] {
					continue
				}
				trial.at[i] = d
				if w, share := g.weigh(&trial, a); w < worth {
					worth, l.share, l.at[i], moved = w, share, d, true
				}
			}
		}
		if !moved {
			break
		}
	}
	return worth
}

// The price of load when the success target is met and what is left shortens the
// tail: so much of the horizon's logarithm a hedge per call. It is dearer for an
// upstream that already carries load for the target's sake.
const (
	tailPrice = 2
	tailRise  = 3000 // times the square of the further attempts a call that the target takes
	yield     = 0.1  // of what hedges save, where the target is out of reach: what the tail may take of it
	coarse    = 10   // times the misses within reach: what the tail is measured at, at least
	threshold = 0.5  // of the horizon's logarithm: a tail that is not heavy is not worth a hedge
	inertia   = 0.04 // of the horizon's logarithm, that another number of hedges must win
)

// shorten returns the ladder for the shortest horizon by which the target is still
// kept and that is worth its load, starting from the one that keeps it at the
// deadline. The horizon is an instant of the grid; it is looked for around the last
// one. It is slow to leave the number of hedges that was in force, so that noise
// does not move it to and fro.
func (g *grid) shorten(a aim, from ladder, price float64, inForce, around int) (found ladder, horizon int) {
	value := func(l *ladder, x int) float64 {
		v := math.Log(float64(g.at[x])) + price*g.cost(l)
		if l.k > 0 {
			v += threshold
		}
		if l.k != inForce {
			v += inertia
		}
		return v
	}
	found, horizon = from, a.x
	end, worth, last := a.x, value(&from, a.x), from
	everywhere := a.afresh
	a.afresh = false // that goes for the horizon now
	try := func(x int) (feasible, improved bool) {
		a.x = x
		l, w := g.find(&a, &last)
		if w >= unfit/2 {
			return false, false
		}
		last = l
		if w := value(&l, x); w < worth {
			worth, found, horizon = w, l, x
			return true, true
		}
		return true, false
	}
	const stride, patience = 3, 5
	walk := func(from, step int) {
		for x, worse := from, 0; x > 0 && x < end && worse < patience; x += step {
			feasible, improved := try(x)
			if !feasible && step < 0 {
				return
			}
			if worse++; improved {
				worse = 0
			} else if !everywhere {
				return
			}
		}
	}
	if everywhere {
		walk(end-stride, -stride)
	} else {
		walk(around, -stride)
		walk(around+stride, stride)
	}
	last = found
	for _, x := range [...]int{horizon - 1, horizon - 2, horizon + 1, horizon + 2} {
		if x > 0 && x < end {
			try(x)
		}
	}
	return found, horizon
}
