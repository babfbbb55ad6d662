package sim

import (
	"fmt"
	"testing"
	"time"
)

// uneven is a queueing upstream in which the first of three endpoints fails at once,
// or never answers: too much for the two others at that load.
func uneven(t *testing.T, daemons int, what fate, p pick) float64 {
	t.Helper()
	s, err := Load(fmt.Appendf(nil, "name: uneven\ncalls: 12000\nrate: 600\ndaemons: %d\npolicy: {deadline: 200ms, fanOut: {max: 1}}\n"+
		"upstream:\n  endpoints: 3\n  latency: {exponential: {mean: 8ms}}\n  queue: {slots: 2}\n", daemons), "uneven")
	if err != nil {
		t.Fatal(err)
	}
	m, err := newSimulation(s, Options{Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	r := m.run(func() strategy { return staggered(1, 0) }, p, m.calls)
	healthy := r.fate
	r.fate = func(call uint64, n int, endpoint uint16, now int64) (fate, int64) {
		if endpoint == 0 {
			return what, int64(time.Millisecond)
		}
		return healthy(call, n, endpoint, now)
	}
	if err := r.play(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return 100 * float64(len(r.tally.answers)) / float64(r.tally.roots)
}

// Daemons that avoid a bad endpoint do not know of each other: what they turn away from
// it must not bring the others down, which can carry five sixths of the calls.
func TestAvoidingOneEndpointDoesNotDrownTheOthers(t *testing.T) {
	for _, daemons := range []int{1, 2, 8, 16} {
		for _, what := range []fate{failing, silent} {
			random, ours := uneven(t, daemons, what, atRandom), uneven(t, daemons, what, byScore)
			if ours < random+5 {
				t.Errorf("%d daemons, fate %d: success is %.2f %%, want well above random's %.2f %%", daemons, what, ours, random)
			}
		}
	}
}
