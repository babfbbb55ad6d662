package demo

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/policies"
)

// parseOne parses a document that may have warnings and must not have faults.
func parseOne(t *testing.T, place string, data []byte) *policy.Policy {
	t.Helper()
	parsed, faults := policy.Parse(data, policy.Options{Place: place})
	for _, fault := range faults.Errors() {
		t.Error(fault)
	}
	if len(parsed) != 1 {
		t.Fatalf("%s: %d policies, want one", place, len(parsed))
	}
	return parsed[0]
}

func TestPoliciesOfTheDemo(t *testing.T) {
	names, err := fs.Glob(policies.Demo, "demo/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := policies.Demo.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p := parseOne(t, name, data)
		want := strings.TrimSuffix(path.Base(name), ".yaml")
		if p.Name != want || p.Spec.Match[0].Hosts[0] != want+".demo" {
			t.Errorf("%s holds the policy %s for %v", name, p.Name, p.Spec.Match)
		}
		if !slices.ContainsFunc(everyStrategy(), func(s strategy) bool { return s.name == want }) {
			t.Errorf("%s is the policy of no strategy", name)
		}
	}
}

func TestStrategyDocuments(t *testing.T) {
	known := measured{median: 8 * time.Millisecond, p99: 31234 * time.Microsecond}
	f := func(sc scenario, deadline time.Duration) {
		t.Helper()
		var endpoints []string
		for i := range sc.replicas {
			endpoints = append(endpoints, fmt.Sprintf("http://127.0.0.1:%d", i+1))
		}
		hosts := make(map[string]bool)
		for _, s := range sc.strategies {
			document, err := s.document(endpoints, deadline, known)
			if err != nil {
				t.Fatal(err)
			}
			p := parseOne(t, sc.name+": "+s.title(), document)
			hosts[s.host()] = true
			if p.Name != s.policy() || p.Spec.Match[0].Hosts[0] != s.host() || p.Deadline != deadline ||
				!slices.Equal(p.Spec.Upstream.Endpoints, endpoints) {
				t.Errorf("%s: %s at %v: %s", sc.name, s.title(), deadline, document)
			}
			if (s.name == "sequential") != (len(p.Warnings) > 0) {
				t.Errorf("%s: %s: warnings %v", sc.name, s.title(), p.Warnings)
			}
		}
		if len(hosts) != len(sc.strategies) {
			t.Errorf("%s: %d hosts for %d strategies", sc.name, len(hosts), len(sc.strategies))
		}
	}
	for _, sc := range scenarios() {
		f(sc, leastDeadline)
		f(sc, sc.deadline)
		f(sc, mostDeadline)
	}
}

func TestStrategyDurations(t *testing.T) {
	const deadline = 250 * time.Millisecond
	known := measured{median: 8 * time.Millisecond, p99: 31234 * time.Microsecond}
	find := func(title string) *v1alpha1.HedgePolicySpec {
		t.Helper()
		i := slices.IndexFunc(everyStrategy(), func(s strategy) bool { return s.title() == title })
		document, err := everyStrategy()[i].document([]string{"http://127.0.0.1:1"}, deadline, known)
		if err != nil {
			t.Fatal(err)
		}
		return &parseOne(t, title, document).Spec
	}
	f := func(what string, got, want time.Duration) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	f("t/2", find("sequential (t/2)").AttemptTimeout.Duration, 125*time.Millisecond)
	f("t/3", find("sequential (t/3)").AttemptTimeout.Duration, 83300*time.Microsecond)
	f("t/4", find("sequential (t/4)").AttemptTimeout.Duration, 62500*time.Microsecond)
	f("p99", find("sequential (p99)").AttemptTimeout.Duration, 31200*time.Microsecond)
	f("least stagger of sequential", find("sequential (p99)").Stagger.Min.Duration, deadline)
	f("fixed stagger", find("fixed-stagger").Stagger.Fixed.Duration, 16*time.Millisecond)
	f("all at once", find("all-at-once").Stagger.Fixed.Duration, 0)
	f("initial of the quantile", find("quantile-stagger").Stagger.Initial.Duration, 50*time.Millisecond)
	f("initial of the champion", find(champion).Stagger.Initial.Duration, 50*time.Millisecond)

	// On an upstream as slow as the deadline they still make sense.
	known = measured{median: 200 * time.Millisecond, p99: 400 * time.Millisecond}
	f("p99", find("sequential (p99)").AttemptTimeout.Duration, 225*time.Millisecond)
	f("fixed stagger", find("fixed-stagger").Stagger.Fixed.Duration, 83300*time.Microsecond)
}

// What the scenarios compare on equal terms, as the simulator's of the same name do.
func TestScenarioPolicies(t *testing.T) {
	type terms struct {
		fanOut   int
		adaptive bool
		mode     v1alpha1.StaggerMode
		budget   float64
		breakers bool
	}
	f := func(sc scenario, name string, want terms) {
		t.Helper()
		i := slices.IndexFunc(sc.strategies, func(s strategy) bool { return s.name == name })
		document, err := sc.strategies[i].document([]string{"http://127.0.0.1:1"}, sc.deadline, measured{median: 4 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		spec := parseOne(t, name, document).Spec
		got := terms{spec.FanOut.Max, spec.FanOut.Adaptive, spec.Stagger.Mode, spec.Budget.Percent, spec.CircuitBreaker.ConsecutiveFailures < 1000}
		if got != want {
			t.Errorf("%s of %s: %+v, want %+v", name, sc.name, got, want)
		}
	}
	f(peaks(), "quantile-stagger", terms{fanOut: 3, mode: v1alpha1.StaggerQuantile, budget: 15, breakers: true})
	f(peaks(), champion, terms{fanOut: 3, adaptive: true, mode: v1alpha1.StaggerAuto, budget: 15, breakers: true})
	f(slow(), "fixed-stagger", terms{fanOut: 3, mode: v1alpha1.StaggerFixed, budget: 200, breakers: true})
	f(slow(), "quantile-stagger", terms{fanOut: 3, mode: v1alpha1.StaggerQuantile, budget: 10, breakers: true})
	f(slowAndFailing(), champion, terms{fanOut: 3, adaptive: true, mode: v1alpha1.StaggerAuto, budget: 10, breakers: true})
	f(brownOut(4, 4*time.Millisecond, 500), "none", terms{fanOut: 1, mode: v1alpha1.StaggerFixed, budget: 10})
	f(brownOut(4, 4*time.Millisecond, 500), "fixed-stagger", terms{fanOut: 3, mode: v1alpha1.StaggerFixed, budget: 200})
	f(brownOut(4, 4*time.Millisecond, 500), champion, terms{fanOut: 3, adaptive: true, mode: v1alpha1.StaggerAuto, budget: 10})
	f(step(), champion, terms{fanOut: 5, adaptive: true, mode: v1alpha1.StaggerAuto, budget: 40})
}
