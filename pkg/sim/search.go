package sim

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// mostSlow is how many calls a candidate is tried on where only slow ones matter.
	mostSlow = 100_000
	// mostCoarse is how many calls it is tried on where all matter, unless the
	// scenario is disturbed.
	mostCoarse = 60_000
	// fine is the factor between two offsets of the grid.
	fine = 1.04
	// thrift is the part of the budget that a candidate may cost where it is tried: what the
	// whole scenario costs is a little more or less.
	thrift = 0.99
	// leastShare is the least share of calls that the last hedge of a candidate is sent in.
	leastShare = 0.5
)

// search looks for the best static plan in hindsight: the one that has the most
// calls succeed, and then the least 99.9th percentile, of those that add no more
// load than the budget. It climbs from each number of hedges to the next.
//
// Where endpoints do not queue, attempts do not get in each other's way, and a call
// that is answered before the first hedge could be due is the same under every
// candidate: only the others are played. Otherwise a candidate is tried on the
// beginning of the scenario, or on the whole if it is disturbed.
type search struct {
	m      *simulation
	budget float64
	grid   []time.Duration

	tried int // candidates so far

	slow  []slowCall    // in the order of arrival; nil: all calls are played
	p999  time.Duration // without hedging
	roots int           // root calls that these are of
	calls int           // that the load is counted over

	mu   sync.Mutex // guards seen
	seen map[choice]score
}

// score is what a candidate comes to.
type score struct {
	missed float64
	p999   time.Duration
	extra  float64
}

// unaffordable is what a plan beyond the budget misses: more than any other.
const unaffordable = 2

// better reports whether a score is the better one: by calls missed, as far as that is
// more than chance, then by the tail, then by load.
func (s score) better(than score) bool {
	if difference := than.missed - s.missed; math.Abs(difference) > 0.002*than.missed+1e-7 {
		return difference > 0
	}
	if s.p999 != than.p999 {
		return s.p999 < than.p999
	}
	return s.extra < than.extra
}

// bestStatic finds the best static plan.
func (m *simulation) bestStatic(ctx context.Context) (choice, error) {
	defer m.finished(bestStatic)
	s := &search{m: m, budget: thrift * m.terms.budget.Percent / 100, seen: map[choice]score{}}
	if err := s.prepare(ctx); err != nil {
		return choice{}, err
	}
	best, scored, err := s.withoutHedge(ctx)
	if err != nil {
		return choice{}, err
	}
	found := []choice{best} // with each number of hedges
	for k := 1; k < m.terms.learn.FanOut && len(s.grid) > 0; k++ {
		next, nextScored, err := s.climb(ctx, best, k)
		if err != nil {
			return choice{}, err
		}
		if !nextScored.better(scored) {
			break
		}
		best, scored = next, nextScored
		found = append(found, best)
	}
	if s.calls == m.calls || s.slow != nil {
		return best, nil
	}
	return s.confirm(ctx, found)
}

// confirm plays the plans that were the best of the beginning on the whole: a plan
// that an upstream bears for a minute may be too much for it in the end.
func (s *search) confirm(ctx context.Context, found []choice) (choice, error) {
	s.calls = s.m.calls
	clear(s.seen)
	best := score{missed: unaffordable}
	var chosen choice
	for _, c := range found {
		scored, err := s.try(ctx, c)
		if err != nil {
			return c, err
		}
		if scored.extra <= s.budget && scored.better(best) {
			chosen, best = c, scored
		}
	}
	return chosen, nil
}

// prepare finds the calls to play and the offsets to choose from.
func (s *search) prepare(ctx context.Context) error {
	u := &s.m.scenario.Upstream
	from := s.m.known.earliest(2 * s.budget)
	for at := from; at < s.m.deadline; at = time.Duration(float64(at)*fine) + 1 {
		s.grid = append(s.grid, at)
	}
	_, _, disturbed := s.m.scenario.disturbed()
	s.calls = s.m.calls
	if u.Queue != nil || u.Balancing != Random {
		if !disturbed {
			s.calls = min(s.calls, mostCoarse)
		}
		return nil
	}
	r := s.m.run(func() strategy { return staggered(1, 0) }, atRandom, s.calls)
	r.tally.patience = int64(from)
	if err := r.play(ctx, nil); err != nil {
		return err
	}
	r.tally.sort()
	s.p999 = r.tally.percentile(0.999)
	s.thin(r.tally.slow)
	return nil
}

// thin leaves out root calls if too many have slow leaves.
func (s *search) thin(slow []slowCall) {
	slices.SortFunc(slow, func(a, b slowCall) int { return cmp.Compare(a.id, b.id) })
	leaves := uint64(s.m.scenario.Leaves)
	every := uint64(len(slow)/mostSlow + 1)
	s.slow = slices.DeleteFunc(slow, func(c slowCall) bool { return c.id/leaves%every != 0 })
	s.roots = (s.calls/s.m.scenario.Leaves + int(every) - 1) / int(every)
	s.calls = s.roots * s.m.scenario.Leaves
}

// slower groups the calls that last longer without hedging by their root calls.
func (s *search) slower(than time.Duration) []batch {
	leaves := uint64(s.m.scenario.Leaves)
	var all []batch
	for _, c := range s.slow {
		if c.lasted <= int64(than) {
			continue
		}
		first := c.id / leaves * leaves
		if n := len(all); n == 0 || all[n-1].first != first {
			all = append(all, batch{at: c.began, first: first})
		}
		b := &all[len(all)-1]
		b.which = append(b.which, int(c.id-first))
	}
	return all
}

// try plays one candidate, once.
func (s *search) try(ctx context.Context, c choice) (score, error) {
	s.mu.Lock()
	known, ok := s.seen[c]
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	r := s.m.run(func() strategy { return newStatic(c, s.m.terms.learn.FanOut) }, s.m.pick(bestStatic), s.calls)
	if s.slow != nil {
		batches := s.slower(c.first())
		r.arrivals = newReplay(batches)
		r.tally.quick = s.roots - len(batches)
	}
	r.tally.warmUp = 0
	if err := r.play(ctx, nil); err != nil {
		return score{}, err
	}
	t := &r.tally
	t.sort()
	got := score{
		missed: float64(t.roots-len(t.answers)) / float64(t.roots+t.quick),
		p999:   t.percentile(0.999),
		extra:  float64(t.attempts-t.leaves) / float64(s.calls),
	}
	if got.p999 == 0 { // one of those that no hedge is early enough for
		got.p999 = s.p999
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[c] = got
	return got, nil
}

// withoutHedge chooses the share of failures that are retried.
func (s *search) withoutHedge(ctx context.Context) (choice, score, error) {
	c := choice{share: 1, retries: 1}
	best, err := s.try(ctx, c)
	if err != nil || best.extra == 0 {
		return c, best, err
	}
	if best.extra > s.budget {
		best.missed, c.retries = unaffordable, s.budget/best.extra
	}
	found := c
	for _, part := range [...]float64{1, 0.5, 0} {
		next := c
		next.retries *= part
		scored, err := s.try(ctx, next)
		if err != nil {
			return c, best, err
		}
		if scored.better(best) {
			found, best = next, scored
		}
	}
	return found, best, nil
}

// fit plays a candidate with the largest share of the last hedge that the budget pays
// for. Not affordable at all, it misses every call.
func (s *search) fit(ctx context.Context, c choice) (choice, score, error) {
	c.share = 1
	whole, err := s.try(ctx, c)
	if err != nil || whole.extra <= s.budget {
		return c, whole, err
	}
	less := c
	less.hedges--
	without, err := s.try(ctx, less)
	if err != nil {
		return c, without, err
	}
	c.share = 0.99 * (s.budget - without.extra) / (whole.extra - without.extra)
	if c.share < leastShare {
		return c, score{missed: unaffordable}, nil
	}
	fitted, err := s.try(ctx, c)
	if fitted.extra > s.budget {
		fitted.missed = unaffordable
	}
	return c, fitted, err
}

// climb finds the best plan of k hedges. It sets out twice: from the best plan of one
// hedge less with one more somewhere on the grid, and from that with all of it later, which
// may look worse at first and pay for more.
func (s *search) climb(ctx context.Context, from choice, k int) (choice, score, error) {
	best, scored, err := s.ascend(ctx, from, s.starts(from, k, 0))
	if err != nil || k == 1 {
		return best, scored, err
	}
	later := append(s.starts(from, k, coarse/4), s.starts(from, k, coarse/2)...)
	other, otherScored, err := s.ascend(ctx, from, later)
	if otherScored.better(scored) {
		best, scored = other, otherScored
	}
	return best, scored, err
}

// coarse is how many places of the grid are between two starts.
const coarse = 12

// starts are the places of a plan's hedges, so much later, and of one more.
func (s *search) starts(from choice, k, later int) [][]int {
	places := make([]int, k)
	first := 0
	for i := range k - 1 {
		first = min(s.place(from.offsets[i])+later, len(s.grid)-1)
		places[i] = first
	}
	var all [][]int
	for at := first; at < len(s.grid); at += coarse {
		places[k-1] = at
		all = append(all, slices.Clone(places))
	}
	return all
}

// ascend goes from the best of the starts to better and better neighbours.
func (s *search) ascend(ctx context.Context, from choice, starts [][]int) (choice, score, error) {
	best, scored, at, err := s.best(ctx, from, starts)
	if err != nil {
		return best, scored, err
	}
	for step := coarse / 2; step > 0; {
		next, nextScored, nextAt, err := s.best(ctx, from, s.neighbours(at, step))
		switch {
		case err != nil:
			return best, scored, err
		case nextAt != nil && nextScored.better(scored):
			best, scored, at = next, nextScored, nextAt
		default:
			step /= 2
		}
	}
	return best, scored, nil
}

// neighbours are the places of which one or two are a step away: an earlier hedge is
// often paid for by a later one.
func (s *search) neighbours(at []int, step int) [][]int {
	var all [][]int
	add := func(i, by, j, and int) {
		next := slices.Clone(at)
		next[i] += by
		next[j] += and
		if slices.IsSorted(next) && next[0] >= 0 && next[len(next)-1] < len(s.grid) {
			all = append(all, next)
		}
	}
	for i := range at {
		for _, by := range [...]int{-step, step} {
			add(i, by, i, 0)
			for j := range i {
				add(i, by, j, -step)
				add(i, by, j, step)
			}
		}
	}
	return all
}

// best plays candidates, given by the places of their offsets on the grid, and
// returns the best one. It is the same however many are played at once.
func (s *search) best(ctx context.Context, from choice, places [][]int) (choice, score, []int, error) {
	choices, scores := make([]choice, len(places)), make([]score, len(places))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, at := range places {
		c := from
		c.hedges = len(at)
		for k, place := range at {
			c.offsets[k] = s.grid[place]
		}
		group.Go(func() (err error) {
			choices[i], scores[i], err = s.fit(ctx, c)
			return err
		})
	}
	if err := group.Wait(); err != nil || len(places) == 0 {
		return from, score{}, nil, err
	}
	s.tried += len(places)
	s.m.progress(int(float64(s.m.calls)*min(float64(s.tried)/usualTries, 1)), bestStatic)
	best := 0
	for i := range places {
		if scores[i].better(scores[best]) {
			best = i
		}
	}
	return choices[best], scores[best], places[best], nil
}

// place is where an offset stands on the grid.
func (s *search) place(offset time.Duration) int {
	i, _ := slices.BinarySearch(s.grid, offset)
	return min(i, len(s.grid)-1)
}

// usualTries is about how many candidates a search tries.
const usualTries = 100

// parallel is how many candidates are played at once.
const parallel = 4
