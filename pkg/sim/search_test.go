package sim

import (
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// bestOf searches the best static plan of a scenario.
func bestOf(t *testing.T, s Scenario, calls int, budget float64) (choice, *simulation) {
	t.Helper()
	m, err := newSimulation(s, Options{Seed: 1, Calls: calls, Budget: &budget})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.learnUpstream(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := m.bestStatic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c, m
}

// Of two per cent slow answers, a budget of ten buys a hedge for each, and one of one
// per cent for half of them.
func TestBestStaticFindsTheSlowTail(t *testing.T) {
	t.Parallel()
	s := load(t, `
name: two-humps
calls: 40000
rate: 1000
policy: {deadline: 60ms, fanOut: {max: 2}}
upstream:
  latency:
    mixture:
      - {share: 0.96, uniform: {from: 4ms, to: 6ms}}
      - {share: 0.04, constant: 100ms}
`)
	c, _ := bestOf(t, s, 0, 10)
	if at := c.offsets[0]; c.hedges != 1 || c.share < 1 || at > 54*ms {
		t.Errorf("at 10 %% the best is %v", c)
	}
	c, _ = bestOf(t, s, 0, 3)
	if at := c.offsets[0]; c.hedges != 1 || c.share < 0.6 || c.share > 0.85 || at < 5*ms || at > 54*ms {
		t.Errorf("at 3 %% the best is %v", c)
	}
	if c, _ = bestOf(t, s, 0, 0); c.hedges != 0 {
		t.Errorf("at 0 %% the best is %v", c)
	}
}

func TestBestStaticKeepsTheBudget(t *testing.T) {
	t.Parallel()
	bestStaticKeepsTheBudget(t, 2000)
}

// bestStaticKeepsTheBudget searches on so many calls of each kind of upstream.
func bestStaticKeepsTheBudget(t *testing.T, calls int) {
	t.Helper()
	f := func(name string, calls int, budget float64) {
		t.Helper()
		s := scenario(t, name)
		c, m := bestOf(t, s, calls, budget)
		r, err := Run(t.Context(), s, Options{Seed: 1, Calls: calls, Budget: &budget, Only: []string{none, bestStatic}})
		if err != nil {
			t.Fatal(err)
		}
		none, best := r.Results[0], r.Results[1]
		if best.Setting != c.String() {
			t.Errorf("%s: the search found %v, then %v", name, c, best.Setting)
		}
		if best.ExtraLoad > budget/100*1.02 {
			t.Errorf("%s: %v has an extra load of %v", name, c, best.ExtraLoad)
		}
		if best.SuccessRatio < none.SuccessRatio {
			t.Errorf("%s: %v has a success of %v, none %v", name, c, best.SuccessRatio, none.SuccessRatio)
		}
		if c.hedges >= m.terms.learn.FanOut {
			t.Errorf("%s: %v has more attempts than the fan-out", name, c)
		}
	}
	f("slow-and-failing", calls, 10)
	f("slow-and-failing", calls, 3) // not enough for the failures alone
	f("queueing-95", calls/2, 10)
	f("independent-peaks", calls, 5)
}

// Playing only the slow calls comes to the same as playing all.
func TestSlowCallsAreAllThatMatters(t *testing.T) {
	f := func(name string, calls int, c choice) {
		t.Helper()
		m, err := newSimulation(scenario(t, name), Options{Seed: 1, Calls: calls})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.learnUpstream(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := &search{m: m, budget: 0.05, seen: map[choice]score{}}
		if err := s.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		few, err := s.try(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		s.slow = nil
		clear(s.seen)
		all, err := s.try(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if few != all {
			t.Errorf("%s: slow calls %+v, all %+v", name, few, all)
		}
	}
	c := choice{hedges: 2, offsets: [hedge.MaxFanOut - 1]time.Duration{14 * ms, 25 * ms}, share: 0.5, retries: 0.3}
	f("independent-peaks", 5000, c)
	f("slow-and-failing", 5000, c)
	f("heavy-tail-100", 20_000, c)
	nothing := choice{share: 1, retries: 1}
	f("slow", 5000, nothing)
	late := choice{hedges: 1, share: 1, retries: 1}
	late.offsets[0] = 250 * ms
	f("slow", 5000, late)
}

// What was good on the beginning is played again on the whole.
func TestConfirmedOnTheWhole(t *testing.T) {
	m, err := newSimulation(scenario(t, "queueing-95"), Options{Seed: 1, Calls: 5000})
	if err != nil {
		t.Fatal(err)
	}
	nothing := choice{share: 1, retries: 1}
	early := choice{hedges: 1, share: 1, retries: 1}
	early.offsets[0] = ms
	s := &search{m: m, budget: 0.1, seen: map[choice]score{early: {}}, calls: 10}
	got, err := s.confirm(t.Context(), []choice{nothing, early})
	if err != nil || got != nothing {
		t.Errorf("confirmed %v, %v", got, err)
	}
}

func TestChoiceIsShown(t *testing.T) {
	f := func(c choice, want string) {
		t.Helper()
		if got := c.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(choice{share: 1, retries: 1}, "no hedge")
	f(choice{share: 1, retries: 0.25}, "no hedge; 25 % of failures retried")
	two := choice{hedges: 2, share: 0.5, retries: 1}
	two.offsets[0], two.offsets[1] = 12345*time.Microsecond, 20*ms
	f(two, "hedges after 12.3ms, 20ms in 50 % of calls")
}
