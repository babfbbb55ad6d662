package adapt

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestReasons shows the reason for a plan of each state, rule and mode, by figures
// that are made up.
func TestReasons(t *testing.T) {
	figures := Figures{
		FailureRate: 0.0523, Explicit: 0.031, Planned: 0.99912, Cost: 0.0567, Budget: 0.1, Stock: 123.4,
		OfHedges: 0.97, OfRetries: 1, Efficacy: 0.941, Gradient: 1.02, Gate: 1,
	}
	auto := adaptive()
	given := settings()
	var b strings.Builder
	show := func(what string, s Settings, p Plan, gaps ...time.Duration) {
		s.FanOut = 4
		p.Adaptive, p.Hedges = s.Adaptive, len(gaps)
		copy(p.Gaps[:], gaps)
		p.describe(&s)
		fmt.Fprintf(&b, "%s\n\t%s\n", what, p.Reason)
	}
	searched := func(st State, r Rule) Plan {
		return Plan{Learned: true, State: st, Rule: r, Figures: figures, HedgeShare: 1, RetryShare: 1, Retries: 1}
	}
	for _, st := range []State{Steady, Shift, Peak} {
		show(string(st), auto, searched(st, TargetMet), 21*ms)
	}
	for _, st := range []State{OverloadQueueing, OverloadCorrelated, OverloadHold} {
		p := searched(st, Stopped)
		p.Figures.Gate = 0
		if st == OverloadCorrelated {
			p.Retries = 0
		}
		show(string(st), auto, p)
	}
	p := searched(Peak, BudgetBound)
	p.HedgeShare, p.RetryShare, p.Retries = 0.25, 0.5, 2
	show("drawn, for want of budget", auto, p, 21*ms, 34567*time.Microsecond)
	p.Defer = 80 * ms
	show("the rest put off", auto, p, 21*ms, 34567*time.Microsecond)
	p = searched(Steady, TargetMet)
	p.Spares, p.Gaps[1], p.Gaps[2] = 2, 60*ms, 70*ms
	show("with spares", auto, p, 21*ms)
	p = searched(Steady, TargetMet)
	p.Spares, p.Gaps[0] = 1, 60*ms
	show("spares alone", auto, p)
	p = searched(Steady, Tail)
	p.Figures.Horizon, p.Figures.Explicit, p.bound = 123456*time.Microsecond, 0, "stagger.min"
	show("tail, held by a bound", auto, p, 50*ms, 50*ms, 50*ms)
	p = searched(Steady, NoGain)
	p.Retries = 0
	show("no gain", auto, p)
	fixed := auto
	fixed.Mode, fixed.Fixed = Fixed, 20*ms
	show("adaptive with a fixed stagger", fixed, searched(Steady, TargetMet), 20*ms, 20*ms)
	static := auto
	static.Adaptive = false
	show("not adaptive", static, searched("", BudgetBound), 10*ms, 10*ms, 10*ms)

	show("cold", auto, Plan{State: Cold, Rule: Given, Samples: 12}, 150*ms)
	show("fan-out of 1", auto, Plan{State: Steady, Rule: Given, Learned: true})
	static.Mode, static.Fixed = Fixed, 20*ms
	show("fixed", static, Plan{Rule: Given}, 20*ms, 20*ms, 20*ms)
	show("quantile, initial", given, Plan{Rule: Given, bound: "stagger.max"}, 100*ms, 100*ms, 100*ms)
	show("quantile", given, Plan{Rule: Given, Learned: true, Samples: 1234.5}, 31*ms, 31*ms, 31*ms)
	show("quantile, held by a bound", given, Plan{Rule: Given, Learned: true, Samples: 1234.5, bound: "stagger.max", found: 234567891}, 200*ms, 200*ms, 200*ms)

	golden(t, "testdata/reasons.txt", b.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has\n%s\nand now it is\n%s\n(-update writes it)", file, want, got)
	}
}
