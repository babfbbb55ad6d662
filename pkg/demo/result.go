package demo

import (
	"slices"
	"time"
)

// result is what one strategy did in its run.
type result struct {
	strategy
	summary
	samples []sample  // without the warm-up, at counted from its end
	plans   []planned // of the champion: the plan over time, counted likewise
	chosen  bool      // the best of the strategy's variants
}

// comparison is all results of a demo, with what they have in common.
type comparison struct {
	scenario scenario
	seed     uint64
	rate     float64
	deadline time.Duration
	duration time.Duration // of each strategy, without its warm-up
	known    measured      // before the first strategy
	results  []result      // in the order of the strategies
	tracks   []track       // what troubled the upstream
}

// choose marks the best variant of each strategy that has several: the most
// calls in time, then the least p99.9.
func (c *comparison) choose() {
	better := func(a, b summary) bool {
		if a.successes != b.successes {
			return a.successes > b.successes
		}
		return a.p999 < b.p999
	}
	leaders := make(map[string]int)
	for i, r := range c.results {
		if r.variant == "" {
			continue
		}
		leader, ok := leaders[r.name]
		if !ok || better(r.summary, c.results[leader].summary) {
			leaders[r.name] = i
		}
	}
	for _, i := range leaders {
		c.results[i].chosen = true
	}
}

// rivals returns one result for each strategy: of several variants the chosen
// one.
func (c *comparison) rivals() []result {
	return slices.DeleteFunc(slices.Clone(c.results), func(r result) bool {
		return r.variant != "" && !r.chosen
	})
}

// variants returns all results of a strategy.
func (c *comparison) variants(name string) []result {
	return slices.DeleteFunc(slices.Clone(c.results), func(r result) bool { return r.name != name })
}

// planner returns the result whose plans were watched, nil if none was.
func (c *comparison) planner() *result {
	i := slices.IndexFunc(c.results, func(r result) bool { return len(r.plans) > 0 })
	if i < 0 {
		return nil
	}
	return &c.results[i]
}

// trouble is the stretch of a scenario that has a single one.
func (c *comparison) trouble() peak { return c.tracks[0].peaks[0] }
