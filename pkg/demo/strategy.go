package demo

import (
	"fmt"
	"time"

	"sigs.k8s.io/yaml"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/policies"
)

// champion is the strategy that the demo is about.
const champion = "quantile-stagger"

// measured is what an engineer would know of the upstream before choosing
// durations: the latency of the answers of a warm-up without retries.
type measured struct {
	median, p99 time.Duration
}

// strategy is one way of calling the upstream: a policy of policies/demo, with
// the durations that follow from the deadline or a measurement.
type strategy struct {
	name    string // of the policy's file, and of the row
	variant string // of several that share a file; empty: the only one
	suffix  string // what tells the variant's policy from the others
	derive  func(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, m measured)
}

// strategies returns all strategies in the order in which they run and are
// shown.
func strategies() []strategy {
	perTry := func(part int64) func(*v1alpha1.HedgePolicySpec, time.Duration, measured) {
		return func(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, _ measured) {
			sequential(spec, deadline, deadline/time.Duration(part))
		}
	}
	return []strategy{
		{name: "none"},
		{name: "sequential", variant: "t/2", suffix: "-t2", derive: perTry(2)},
		{name: "sequential", variant: "t/3", suffix: "-t3", derive: perTry(3)},
		{name: "sequential", variant: "t/4", suffix: "-t4", derive: perTry(4)},
		{name: "sequential", variant: "p99", suffix: "-p99", derive: sequentialP99},
		{name: "all-at-once"},
		{name: "fixed-stagger", derive: fixedStagger},
		{name: champion, derive: quantileStagger},
	}
}

// sequential retries at once after a failure or a per-try timeout. A stagger
// of the whole deadline never comes due; it is written as a quantile's bounds,
// since a fixed one has to leave time for the whole fan-out.
func sequential(spec *v1alpha1.HedgePolicySpec, deadline, perTry time.Duration) {
	spec.AttemptTimeout.Duration = perTry.Round(100 * time.Microsecond)
	spec.Stagger.Min = &v1alpha1.Duration{Duration: deadline}
	spec.Stagger.Initial = &v1alpha1.Duration{Duration: deadline}
}

// sequentialP99 gives up on an attempt that is slower than all but one in a
// hundred answers; on a slow upstream still before the deadline.
func sequentialP99(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, m measured) {
	sequential(spec, deadline, min(m.p99, deadline*9/10))
}

// fixedStagger waits for twice the median, less on an upstream so slow that
// the fan-out would not fit into the deadline.
func fixedStagger(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, m measured) {
	wait := min(2*m.median, deadline/time.Duration(spec.FanOut.Max))
	spec.Stagger.Fixed = &v1alpha1.Duration{Duration: wait.Round(100 * time.Microsecond)}
}

// quantileStagger learns its stagger; only where it starts from follows the
// deadline.
func quantileStagger(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, _ measured) {
	spec.Stagger.Initial = &v1alpha1.Duration{Duration: deadline / 5}
}

// title is the strategy's name in tables and plots.
func (s strategy) title() string {
	if s.variant == "" {
		return s.name
	}
	return fmt.Sprintf("%s (%s)", s.name, s.variant)
}

// policy is the name of the strategy's policy.
func (s strategy) policy() string { return s.name + s.suffix }

// host is the Host header that chooses the strategy's policy.
func (s strategy) host() string { return s.policy() + ".demo" }

// document returns the strategy's policy for these endpoints and this
// deadline, as a file for the daemon.
func (s strategy) document(endpoints []string, deadline time.Duration, m measured) ([]byte, error) {
	place := "demo/" + s.name + ".yaml"
	data, err := policies.Demo.ReadFile(place)
	if err != nil {
		return nil, fmt.Errorf("read the policy of %s: %w", s.name, err)
	}
	parsed, faults := policy.Parse(data, policy.Options{Place: place})
	if len(parsed) != 1 {
		return nil, fmt.Errorf("parse the policy of %s: %v", s.name, faults)
	}
	spec := parsed[0].Spec
	spec.Match = []v1alpha1.Match{{Hosts: []string{s.host()}}}
	spec.Upstream.Endpoints = endpoints
	spec.Deadline.Duration = deadline
	// What the defaults made of the example's deadline is made anew.
	spec.Stagger.Min, spec.Stagger.Max, spec.Stagger.Initial = nil, nil, nil
	if s.derive != nil {
		s.derive(&spec, deadline, m)
	}
	document, err := yaml.Marshal(v1alpha1.HedgePolicy{
		APIVersion: v1alpha1.APIVersion,
		Kind:       v1alpha1.Kind,
		Metadata:   v1alpha1.Metadata{Name: s.policy()},
		Spec:       spec,
	})
	if err != nil {
		return nil, fmt.Errorf("write the policy of %s: %w", s.name, err)
	}
	return document, nil
}
