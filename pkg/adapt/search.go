package adapt

import (
	"math"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// The resolution of a search: gaps × instants of the first hedge are tried.
const (
	instants = 64
	gaps     = 16
)

// schedule is when the hedges of a plan are launched: the first one after so long, in a
// share of the calls, and in the others as late as that is of use; further ones at equal gaps.
type schedule struct {
	first, gap time.Duration
	share      float64
	cost       float64 // hedges a call
}

// prospect is what a search knows of the upstream, at instants of a call's life.
type prospect struct {
	n       int
	at      [instants]time.Duration // rising; the last is the deadline
	weight  [instants]float64       // of the logarithm of time that begins with it
	waiting [instants]float64       // share of calls by then with an attempt under way that no hedge has helped
	failed  [instants]float64       // share of calls by then whose attempts all failed explicitly
	unaided [instants]float64       // share of calls by then without an answer, of those hedged late

	hedges   int // at most
	outcomes *curve
	helpers  *curve
	floor    float64       // misses that do not matter
	latest   time.Duration // the first hedge of a call that no earlier one is paid for
	late     float64       // hedges a call that are then launched
	retries  float64       // of a call
	aim      int           // the instant that the target is meant for, before the deadline; 0: there is none
	allowed  float64       // misses that the target allows
}

// lay lays out what is known.
func (p *prospect) lay(v *view, s *Settings) {
	p.n, p.aim, p.hedges, p.outcomes, p.helpers = 0, 0, s.most(), &v.curve, &v.hedges
	p.allowed, p.latest = 1-s.Target, s.Deadline/time.Duration(s.most()+1)
	p.floor = within * p.allowed
	from, to := bucketOf(v.curve.quantile(0.1)), bucketOf(s.Deadline)
	step := 1 + (to-from)/(instants-2)
	for i := from; i <= to && edge(i) < s.Deadline; i += step {
		p.at[p.n] = edge(i)
		p.n++
	}
	p.at[p.n] = s.Deadline
	p.n++
	age := v.failedAt(s)
	for i, at := range p.at[:p.n] {
		p.weight[i] = math.Log(missed)
		if i < p.n-1 {
			p.weight[i] = math.Log(float64(p.at[i+1]) / float64(at))
		}
		p.retry(i, &v.retries, age)
		if s.Within > 0 && at <= s.Within {
			p.aim = i
		}
	}
	p.late = p.cost(p.latest, p.latest)
	p.retries = by(&v.curve.failed, s.Deadline) / max(1-by(&v.retries.failed, s.Deadline), 0.1)
	p.slowness(&schedule{first: p.latest, gap: p.latest, share: 1}, true, math.Inf(1))
}

// retry enters what explicit failures come to: each launches a retry at once, as long as
// there are any. They fail early: the median age stands for all.
func (p *prospect) retry(i int, retries *curve, age time.Duration) {
	at := p.at[i]
	failed := by(&p.outcomes.failed, at)
	answered, again := by(&retries.answered, at-age), by(&retries.failed, at-age)
	chain, each := 0.0, 1.0
	for range p.hedges {
		chain += each
		each *= again
	}
	p.waiting[i] = max(0, 1-by(&p.outcomes.answered, at)-failed) + failed*chain*max(0, 1-answered-again)
	p.failed[i] = failed * each
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

// cost returns how many hedges a call has whose first one comes after so long.
func (p *prospect) cost(first, gap time.Duration) (cost float64) {
	for i := range p.hedges {
		at := first + time.Duration(i)*gap
		if at >= p.at[p.n-1] {
			break
		}
		share := max(0, 1-by(&p.outcomes.answered, at)-by(&p.outcomes.failed, at))
		for j := range i {
			share *= 1 - by(&p.helpers.answered, time.Duration(i-j)*gap)
		}
		cost += share
	}
	return cost
}

// slowness returns how slow calls are under a schedule: the logarithm of the share without
// an answer, over that of time. Halving the time by which all but a thousandth are answered
// is worth as much at any level. It gives up beyond most. With late it notes the misses of
// calls hedged late.
func (p *prospect) slowness(s *schedule, late bool, most float64) (slow float64) {
	var bucket [hedge.MaxFanOut]int // of each hedge's age, which only rises
	for i, at := range p.at[:p.n] {
		open := p.waiting[i]
		for k := range p.hedges {
			age := at - s.first - time.Duration(k)*s.gap
			if age <= 0 {
				break
			}
			for bucket[k] < buckets-1 && age >= edgeTable[bucket[k]+1] {
				bucket[k]++
			}
			open *= 1 - inBucket(&p.helpers.answered, age, bucket[k])
		}
		open += p.failed[i]
		if late {
			p.unaided[i] = open
		}
		open = s.share*open + (1-s.share)*p.unaided[i]
		if open > p.floor {
			slow += p.weight[i] * math.Log(open/p.floor)
		}
		if i == p.aim && i > 0 && open > p.allowed {
			slow += aimed * math.Log(open/p.allowed)
		}
		if slow >= most {
			return slow
		}
	}
	return slow
}

// aimed makes the target time come before everything else: no tail is worth as much.
const aimed = 1000

// best returns the schedule that leaves calls the least slow, for a cost of no more than
// the ceiling. Each hedge a call has to be worth its price.
func (p *prospect) best(ceiling float64, s *Settings) (found schedule, early bool) {
	found = schedule{first: p.latest, gap: p.latest, share: 1, cost: p.late}
	worth := p.slowness(&found, false, math.Inf(1)) + price*p.late
	shortest := max(p.helpers.quantile(0.3), s.Min, 1)
	for _, first := range p.at[:p.n-1] {
		if first < s.Min || first > p.latest {
			continue
		}
		least := math.Inf(1)
		for g := range gaps {
			trial := schedule{first: first, gap: between(shortest, p.latest, g), share: 1}
			trial.cost = p.cost(first, trial.gap)
			least = min(least, trial.cost)
			if trial.cost > ceiling {
				continue
			}
			if w := p.slowness(&trial, false, worth-price*trial.cost) + price*trial.cost; w < worth {
				worth, found, early = w, trial, true
			}
		}
		if least < ceiling/instants {
			break // what comes later costs next to nothing less, and is later
		}
	}
	return found, early
}

// between returns one of the gaps that are tried, from the shortest to the longest.
func between(shortest, longest time.Duration, g int) time.Duration {
	if shortest >= longest {
		return shortest
	}
	return time.Duration(float64(shortest) * math.Pow(float64(longest)/float64(shortest), float64(g)/(gaps-1)))
}

// fit returns the schedule of a given stagger, in the share of calls that the ceiling pays for.
func (p *prospect) fit(stagger time.Duration, ceiling float64) schedule {
	s := schedule{first: stagger, gap: stagger, share: 1, cost: p.cost(stagger, stagger)}
	if s.cost > ceiling {
		least := min(p.late, ceiling)
		s.share = clamp((ceiling - least) / max(s.cost-least, 1e-9))
		s.cost = ceiling
	}
	return s
}

// most returns how many further attempts a call may have.
func (s *Settings) most() int { return min(max(s.FanOut, 1), hedge.MaxFanOut) - 1 }
