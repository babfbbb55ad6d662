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
		FailureRate: 0.0123, Explicit: 0.001, Planned: 0.99912, Slow: 0.0214, Helped: 0.987, Cost: 0.0387, Ceiling: 0.05,
		Budget: 0.1, Stock: 123.4, OfHedges: 0.97, OfRetries: 1, LatencyRatio: 1, Independence: 1,
	}
	auto := adaptive()
	given := settings()
	static := auto
	static.Adaptive = false
	with := func(s Settings, m Mode) Settings { s.Mode, s.Fixed, s.Quantile = m, 20*ms, 0.95; return s }
	var b strings.Builder
	show := func(what string, s Settings, p Plan, gaps ...time.Duration) {
		p.Adaptive, p.Hedges = s.Adaptive, len(gaps)
		copy(p.Gaps[:], gaps)
		words := p.words(&s)
		if !strings.HasSuffix(words, ".") || strings.HasSuffix(words, "..") || strings.Contains(words, "%!") || words != strings.TrimSpace(words) {
			t.Errorf("%s: %q is no sentence", what, words)
		}
		fmt.Fprintf(&b, "%s\n\t%s\n", what, words)
	}
	found := func(st State, r Rule) Plan {
		return Plan{Learned: true, State: st, Rule: r, Figures: figures, HedgeShare: 1, Samples: 1234.5}
	}
	show("early", auto, found(Steady, Early), 3600*time.Microsecond, 12*ms)
	show("early, one hedge", auto, found(Steady, Early), 3600*time.Microsecond)
	p := found(Steady, Early)
	p.bound, p.found = "stagger.min", 345678
	show("early, held by a bound", auto, p, ms, ms)
	p = found(Steady, BudgetBound)
	p.HedgeShare, p.Defer = 0.43, 80*ms
	show("as the budget pays for", auto, p, 21*ms, 34567*time.Microsecond)
	p = found(Steady, Late)
	p.Figures.Slow, p.Figures.Cost = 0.000012, 0.000013
	show("late", auto, p, 100*ms, 100*ms)
	p = found(Moved, Early)
	p.Figures.LatencyRatio, p.Figures.Independence, p.Figures.OfHedges = 2.34, 0.62, 0.874
	show("slower, and hedges help", auto, p, 9*ms, 30*ms)
	p = found(Overload, Late)
	p.Figures.LatencyRatio, p.Figures.Independence, p.Figures.OfHedges = 3.4, 0.2, 0.82
	show("slower, and hedges hardly help", auto, p, 100*ms, 100*ms)
	p = found(Overload, Stopped)
	p.Figures.LatencyRatio, p.Figures.Independence = 3.4, 0
	show("stopped", auto, p)
	show("pushback", auto, found(Pushback, Stopped))
	show("pushback, cold", auto, Plan{State: Pushback, Rule: Stopped})
	show("adaptive, fixed", with(auto, Fixed), found(Steady, Given), 20*ms, 20*ms)
	show("adaptive, quantile", with(auto, Quantile), found(Steady, Given), 31*ms, 31*ms)
	p = found(Steady, BudgetBound)
	p.HedgeShare, p.Defer = 0.43, 80*ms
	show("adaptive, fixed, as the budget pays for", with(auto, Fixed), p, 20*ms, 20*ms)
	show("cold", auto, Plan{State: Cold, Rule: Given, Samples: 12}, 15*ms, 15*ms)
	show("cold, fixed", with(auto, Fixed), Plan{State: Cold, Rule: Given, Samples: 12}, 20*ms, 20*ms)
	show("fan-out of 1", auto, Plan{State: Steady, Rule: Given, Learned: true})
	show("fixed", with(static, Fixed), Plan{Rule: Given}, 20*ms, 20*ms, 20*ms)
	show("fixed, learned", with(static, Fixed), found("", Given), 20*ms, 20*ms, 20*ms)
	show("quantile, cold, held by a bound", given, Plan{Rule: Given, bound: "stagger.max", found: 345 * ms}, 100*ms, 100*ms)
	show("quantile", given, found("", Given), 31*ms, 31*ms, 31*ms)
	p = found("", Given)
	p.bound, p.found = "stagger.max", 234567891
	show("quantile, held by a bound", given, p, 200*ms, 200*ms)
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
