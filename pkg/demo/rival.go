package demo

import (
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/policy"
)

// The strategies that a situation is played with, by the names that the simulator has
// for them.
const (
	noHedge         = "no-hedge"
	sequentialRetry = "sequential"
)

// rivals are the strategies that a situation is played with, the champion last.
// Sequential retry has the time-out that was the best of four in the simulator. There
// are no breakers, since the simulator has none.
func rivals(timeout time.Duration) []strategy {
	return []strategy{
		{name: noHedge, derive: derivations(withoutBreakers, withFanOut(1))},
		{name: sequentialRetry, derive: derivations(withoutBreakers, retriesOnly(timeout))},
		{name: champion, derive: withoutBreakers},
	}
}

// retriesOnly makes sequential retry of any policy: three attempts, one after the
// other, each so long at most.
func retriesOnly(timeout time.Duration) derivation {
	return func(spec *v1alpha1.HedgePolicySpec, deadline time.Duration, _ measured) {
		spec.FanOut = v1alpha1.FanOut{Max: 3}
		spec.Stagger = v1alpha1.Stagger{Mode: v1alpha1.StaggerQuantile, Quantile: new(0.99)}
		spec.Budget.Percent = 200 // as much as the fan-out can use
		sequential(spec, deadline, timeout)
	}
}

// of returns the strategy's variant of a policy for these endpoints, as a file for the
// daemon.
func (s strategy) of(p *policy.Policy, endpoints []string) ([]byte, error) {
	spec := p.Spec
	spec.Match = []v1alpha1.Match{{Hosts: []string{s.host()}}}
	spec.Upstream.Endpoints = endpoints
	s.derive(&spec, p.Deadline, measured{})
	return s.write(spec)
}
