package demo

import (
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
		if !slices.ContainsFunc(strategies(), func(s strategy) bool { return s.name == want }) {
			t.Errorf("%s is the policy of no strategy", name)
		}
	}
}

func TestStrategyDocuments(t *testing.T) {
	endpoints := []string{"http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"}
	known := measured{median: 8 * time.Millisecond, p99: 31234 * time.Microsecond}
	hosts := make(map[string]bool)
	for _, deadline := range []time.Duration{leastDeadline, 250 * time.Millisecond, mostDeadline} {
		for _, s := range strategies() {
			document, err := s.document(endpoints, deadline, known)
			if err != nil {
				t.Fatal(err)
			}
			p := parseOne(t, s.title(), document)
			hosts[s.host()] = true
			if p.Name != s.policy() || p.Spec.Match[0].Hosts[0] != s.host() || p.Deadline != deadline ||
				!slices.Equal(p.Spec.Upstream.Endpoints, endpoints) {
				t.Errorf("%s at %v: %s", s.title(), deadline, document)
			}
			if (s.name == "sequential") != (len(p.Warnings) > 0) {
				t.Errorf("%s: warnings %v", s.title(), p.Warnings)
			}
		}
	}
	if len(hosts) != len(strategies()) {
		t.Errorf("%d hosts for %d strategies", len(hosts), len(strategies()))
	}
}

func TestStrategyDurations(t *testing.T) {
	const deadline = 250 * time.Millisecond
	known := measured{median: 8 * time.Millisecond, p99: 31234 * time.Microsecond}
	find := func(title string) *v1alpha1.HedgePolicySpec {
		t.Helper()
		i := slices.IndexFunc(strategies(), func(s strategy) bool { return s.title() == title })
		document, err := strategies()[i].document([]string{"http://127.0.0.1:1"}, deadline, known)
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
	f("initial of the quantile", find(champion).Stagger.Initial.Duration, 50*time.Millisecond)

	// On an upstream as slow as the deadline they still make sense.
	known = measured{median: 200 * time.Millisecond, p99: 400 * time.Millisecond}
	f("p99", find("sequential (p99)").AttemptTimeout.Duration, 225*time.Millisecond)
	f("fixed stagger", find("fixed-stagger").Stagger.Fixed.Duration, 83300*time.Microsecond)
}
