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
const champion = "adaptive"

// measured is what an engineer would know of the upstream before choosing
// durations: the latency of the answers of a warm-up without retries.
type measured struct {
	median, p99 time.Duration
}

// strategy is one way of calling the upstream: a policy of policies/demo, with
// what follows from the scenario, the deadline or a measurement.
type strategy struct {
	name    string // of the policy's file, and of the row
	variant string // of several that share a file; empty: the only one
	suffix  string // what tells the variant's policy from the others
	derive  derivation
}

// derivation puts into a policy what differs from its file; nil is nothing.
type derivation func(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, m measured)

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
	return s.write(spec)
}

// write returns a policy of the strategy's name as a file for the daemon.
func (s strategy) write(spec v1alpha1.HedgePolicySpec) ([]byte, error) {
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
