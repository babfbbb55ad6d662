package demo

import (
	"bytes"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s (-want +got):\n%s", name, cmp.Diff(string(want), string(got)))
	}
}

// eventually waits for something that a socket brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	bound := time.NewTimer(10 * time.Second)
	defer bound.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-bound.C:
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

// invented is a comparison made of drawn samples, to look at and to compare
// with golden files.
func invented(sc scenario) comparison {
	c := comparison{scenario: sc, seed: 7, rate: 400, deadline: sc.deadline, duration: 15 * time.Second}
	c.known = measured{median: 8 * time.Millisecond, p99: 33 * time.Millisecond}
	c.tracks = sc.tracks(course{seed: 7, warmUp: 2 * time.Second, duration: c.duration})
	looks := map[string]struct {
		miss, rescued, wait, extra float64
	}{
		"none":             {miss: 0.02, extra: 0},
		"sequential":       {miss: 0.0004, rescued: 0.03, wait: 60, extra: 0.03},
		"all-at-once":      {miss: 0, extra: 2},
		"fixed-stagger":    {miss: 0.0002, rescued: 0.05, wait: 16, extra: 0.12},
		"quantile-stagger": {miss: 0.0003, rescued: 0.05, wait: 20, extra: 0.09},
		champion:           {miss: 0.0001, rescued: 0.05, wait: 18, extra: 0.06},
	}
	for i, s := range sc.strategies {
		look := looks[s.name]
		random := rand.New(rand.NewPCG(7, uint64(i)))
		var samples []sample
		for at := time.Duration(0); at < c.duration; at += 2500 * time.Microsecond {
			ms := 8 * math.Exp(0.5*random.NormFloat64())
			if random.Float64() < look.rescued {
				ms += look.wait
			}
			one := sample{at: at, lag: 300 * time.Microsecond, elapsed: time.Duration(ms * float64(time.Millisecond))}
			if random.Float64() < look.miss {
				one.end = failed
			}
			samples = append(samples, one)
		}
		attempts := int(float64(len(samples)) * (1 + look.extra))
		r := result{strategy: s, summary: summarize(samples, attempts, c.deadline), samples: samples}
		if s.name == champion {
			r.plans = inventedPlans(c.duration)
		}
		c.results = append(c.results, r)
	}
	c.choose()
	return c
}

// inventedPlans is a plan that answers to a trouble in the middle third, and
// stops hedging towards its end.
func inventedPlans(duration time.Duration) []planned {
	var plans []planned
	for at := time.Duration(0); at < duration; at += watchInterval {
		p := planned{at: at, plan: plan{FanOut: 3, Hedges: 2, HedgeShare: 1, Stagger: "20ms", State: "steady", Rule: "early", Reason: "invented"}}
		p.Figures.Independence = 1
		switch {
		case at < duration/10:
			p.Stagger, p.State = "125ms", "cold"
		case at > duration*6/10 && at < duration*7/10:
			p.Hedges, p.Stagger, p.State, p.Rule, p.Figures.Independence = 0, "", "overload", "stopped", 0
		case at > duration/3 && at < duration*2/3:
			p.Stagger, p.State = "6.5ms", "moved"
		}
		plans = append(plans, p)
	}
	return plans
}
