//go:build !race

package goals

import (
	"math"
	"slices"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/sim"
)

// The seeds are not those that the controller's constants were tuned on. The table
// of docs/study.md has others, beside every other strategy.
var goalSeeds = []uint64{101, 102, 103, 104, 105}

// pooled runs a scenario with each seed and returns the mean result of each strategy.
func pooled(t *testing.T, s sim.Scenario, calls int, names ...string) map[string]sim.Result {
	t.Helper()
	mean := map[string]sim.Result{}
	for _, seed := range goalSeeds {
		report, err := sim.Run(t.Context(), s, sim.Options{Seed: seed, Calls: calls, Only: names})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range report.Results {
			m := mean[r.Name]
			share := 1 / float64(len(goalSeeds))
			m.SuccessRatio += r.SuccessRatio * share
			m.ExtraLoad += r.ExtraLoad * share
			m.P999MS += r.P999MS * share
			mean[r.Name] = m
		}
	}
	return mean
}

func scenario(t *testing.T, name string) sim.Scenario {
	t.Helper()
	all := sim.Builtin()
	i := slices.IndexFunc(all, func(s sim.Scenario) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no scenario is called %s", name)
	}
	return all[i]
}

// A tenth of all attempts is lost without a word: 99.98 % of calls are answered, for less
// than the budget of 25 %. Losses alone take 11 %; the rest shortens the tail.
func TestGoalSilentLoss(t *testing.T) {
	t.Parallel()
	r := pooled(t, scenario(t, "iid-loss"), 60_000, "adaptive")["adaptive"]
	if r.SuccessRatio < 0.9998 || r.ExtraLoad > 0.2 {
		t.Errorf("success %.5f at %.4f extra", r.SuccessRatio, r.ExtraLoad)
	}
}

func TestG3IndependentPeaks(t *testing.T) {
	t.Parallel()
	r := pooled(t, scenario(t, "independent-peaks"), 200_000, "adaptive")["adaptive"]
	if r.SuccessRatio < 0.9999 || r.ExtraLoad > 0.045 {
		t.Errorf("success %.5f at %.4f extra", r.SuccessRatio, r.ExtraLoad)
	}
}

// Where requests queue or are shed, the controller does no harm that can be told from
// chance.
func TestG4DoesNoHarmNearSaturation(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"queueing-70", "queueing-85", "queueing-95", "shedding"} {
		r := pooled(t, scenario(t, name), 300_000, "none", "adaptive")
		if lost := r["none"].SuccessRatio - r["adaptive"].SuccessRatio; lost > 0.001 {
			t.Errorf("%s: %.5f succeed, %.5f without hedging", name, r["adaptive"].SuccessRatio, r["none"].SuccessRatio)
		}
	}
}

// After a trigger at half load it recovers as fast as an upstream that nobody hedges;
// naive retries never do.
func TestG4RecoversFromAMetastableTrigger(t *testing.T) {
	t.Parallel()
	s := scenario(t, "metastable-50")
	without, with := 0.0, 0.0
	for _, seed := range goalSeeds {
		report, err := sim.Run(t.Context(), s, sim.Options{Seed: seed, Only: []string{"none", "sequential", "adaptive"}, Calls: 50_000})
		if err != nil {
			t.Fatal(err)
		}
		none, sequential, own := report.Results[0].RecoveryS, report.Results[1].RecoveryS, report.Results[2].RecoveryS
		if none == nil || own == nil {
			t.Fatalf("seed %d: it never recovers", seed)
		}
		without, with = without+*none, with+*own
		if sequential != nil {
			t.Errorf("seed %d: sequential retry recovers after %v s: the trigger is none", seed, *sequential)
		}
	}
	if with > 1.25*without {
		t.Errorf("it takes %.2f s to recover, %.2f s without hedging (sums over seeds)", with, without)
	}
}

func TestG7HedgingStopsWithinTwoTicks(t *testing.T) {
	t.Parallel()
	s := scenario(t, "brown-out")
	begins := s.Upstream.Changes[0].From
	for _, seed := range goalSeeds {
		report, err := sim.Run(t.Context(), s, sim.Options{Seed: seed, Only: []string{"adaptive"}})
		if err != nil {
			t.Fatal(err)
		}
		plans := report.Results[0].Plans
		i := slices.IndexFunc(plans, func(p sim.PlanPoint) bool { return p.At >= begins && p.Rule == adapt.Stopped })
		if i < 0 || plans[i].At > begins+200*time.Millisecond {
			t.Errorf("seed %d: not stopped by %v", seed, begins+200*time.Millisecond)
		}
		for _, p := range plans {
			if p.At < begins && p.Rule == adapt.Stopped {
				t.Errorf("seed %d: stopped at %v, before anything queues", seed, p.At)
			}
		}
	}
}

// When everything takes four times as long at once, the tail is no longer than that of
// percentile hedging, within the budget (P12).
func TestG8LatencyTimesFour(t *testing.T) {
	t.Parallel()
	s := scenario(t, "regime-change")
	s.Upstream.Changes = slices.Clone(s.Upstream.Changes)
	s.Upstream.Changes[0].From = 30 * time.Second
	r := pooled(t, s, 60_000, "percentile", "adaptive")
	if own, other := r["adaptive"].P999MS, r["percentile"].P999MS; own > 1.05*other {
		t.Errorf("p99.9 is %.1f ms, percentile hedging's %.1f", own, other)
	}
	if r["adaptive"].ExtraLoad > 0.05 {
		t.Errorf("extra load is %.4f", r["adaptive"].ExtraLoad)
	}
}

// follow returns what further attempts are planned to cost a call, over the daemons, by tick.
func follow(plans []sim.PlanPoint) (at []time.Duration, mean []float64) {
	n := 0.0
	for i, p := range plans {
		if i == 0 || p.At != plans[i-1].At {
			at, mean, n = append(at, p.At), append(mean, 0), 0
		}
		last := &mean[len(mean)-1]
		*last = (*last*n + p.Figures.Cost) / (n + 1)
		n++
	}
	return at, mean
}

// turns counts how often a series goes up and down by so much.
func turns(series []float64, by float64) (n int) {
	low, high, rising := math.Inf(1), math.Inf(-1), false
	for i, v := range series {
		low, high = min(low, v), max(high, v)
		switch {
		case i == 0:
		case !rising && v >= low+by:
			n, rising, high = n+1, true, v
		case rising && v <= high-by:
			n, rising, low = n+1, false, v
		}
	}
	return n
}

// Attempts begin to fail and stop failing: what is planned for follows within two seconds up
// and ten down, and once each, for one daemon and for eight that share the upstream.
func TestPlanFollowsAStepWithoutOscillating(t *testing.T) {
	t.Parallel()
	f := func(daemons int, rate float64) {
		t.Helper()
		s := scenario(t, "step")
		s.Daemons, s.Rate = daemons, rate
		begins, ends := s.Upstream.Changes[0].From, s.Upstream.Changes[0].To
		for _, seed := range goalSeeds {
			report, err := sim.Run(t.Context(), s, sim.Options{Seed: seed, Only: []string{"adaptive"}, Calls: int(rate * 40)})
			if err != nil {
				t.Fatal(err)
			}
			at, mean := follow(report.Results[0].Plans)
			settled := func(from, to time.Duration) []float64 {
				i := slices.IndexFunc(at, func(a time.Duration) bool { return a >= from })
				j := slices.IndexFunc(at, func(a time.Duration) bool { return a >= to })
				return mean[i:j]
			}
			quiet := slices.Max(settled(begins-3*time.Second, begins))
			if up := slices.Min(settled(begins+2*time.Second, ends)); up < quiet+0.05 {
				t.Errorf("%d daemons, seed %d: %.3f further attempts a call planned while a fifth fails, %.3f before", daemons, seed, up, quiet)
			}
			if down := slices.Max(settled(ends+10*time.Second, ends+14*time.Second)); down > quiet+0.05 {
				t.Errorf("%d daemons, seed %d: %.3f further attempts a call planned ten seconds after, %.3f before", daemons, seed, down, quiet)
			}
			if n := turns(settled(begins-3*time.Second, ends+14*time.Second), 0.08); n > 2 {
				t.Errorf("%d daemons, seed %d: the plan goes up and down %d times", daemons, seed, n)
			}
		}
	}
	f(1, 500)
	f(8, 4000)
}

// Eight daemons near saturation, each of which sees an eighth of what queues, learn it
// more slowly. This is where the controller is known to lose most: the goal is 0.05 points
// and 13 are lost, since each daemon sees too few calls to tell a queue from its median.
// What is held here is that it gets no worse.
func TestEightDaemonsNearSaturation(t *testing.T) {
	t.Parallel()
	s := scenario(t, "queueing-85")
	s.Daemons = 8
	r := pooled(t, s, 60_000, "none", "adaptive")
	if lost := r["none"].SuccessRatio - r["adaptive"].SuccessRatio; lost > 0.15 || r["adaptive"].ExtraLoad > 0.1 {
		t.Errorf("%.5f succeed at %.4f extra, %.5f without hedging", r["adaptive"].SuccessRatio, r["adaptive"].ExtraLoad, r["none"].SuccessRatio)
	}
}
