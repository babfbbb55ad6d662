package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/budget"
)

// compile makes a policy of a document without faults.
func compile(doc *v1alpha1.HedgePolicy, line int, o Options) *Policy {
	spec := &doc.Spec
	spec.BufferLimit = size(spec.BufferLimit.Value())
	spec.ReplayLimit = size(spec.ReplayLimit.Value())
	p := &Policy{
		ID:            ID{Namespace: o.Namespace, Name: doc.Metadata.Name},
		Revision:      revision(doc),
		Place:         o.Place,
		Line:          line,
		Created:       o.Created,
		Spec:          *spec,
		Mode:          spec.Mode,
		Deadline:      spec.Deadline.Duration,
		StreamIdle:    spec.StreamIdleTimeout.Duration,
		Commit:        spec.Commit,
		BufferLimit:   spec.BufferLimit.Value(),
		ReplayLimit:   spec.ReplayLimit.Value(),
		HonorPushback: spec.Pushback == v1alpha1.PushbackHonor,
		Upstream:      compileUpstream(&spec.Upstream, o),
		Learn:         compileLearn(spec),
		Budget:        budget.Settings{Percent: spec.Budget.Percent, MinPerSecond: spec.Budget.MinPerSecond},
		Breaker:       compileBreaker(&spec.CircuitBreaker),
		accepted:      compileCodes(spec.Accept.HTTP),
		nonFatal:      compileCodes(spec.NonFatal.HTTP),
	}
	for i := range spec.Match {
		p.rules = append(p.rules, compileRule(&spec.Match[i], o))
	}
	return p
}

// revision is the hash of what the document says, its defaults included.
func revision(doc *v1alpha1.HedgePolicy) string {
	data, err := json.Marshal(doc)
	if err != nil {
		panic(err) // the document was read from JSON a moment ago
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}

func compileLearn(spec *v1alpha1.HedgePolicySpec) adapt.Settings {
	s := adapt.Settings{
		Deadline:       spec.Deadline.Duration,
		AttemptTimeout: spec.AttemptTimeout.Duration,
		FanOut:         spec.FanOut.Max,
		Adaptive:       spec.FanOut.Adaptive,
		Target:         defaultTarget,
		TrustUpstream:  spec.Overload.TrustUpstream,
	}
	if target := spec.FanOut.SuccessTarget; target != nil {
		s.Target = *target
	}
	if within := spec.FanOut.Within; within != nil {
		s.Within = within.Duration
	}
	switch spec.Stagger.Mode {
	case v1alpha1.StaggerFixed:
		s.Mode, s.Fixed = adapt.Fixed, spec.Stagger.Fixed.Duration
		return s
	case v1alpha1.StaggerQuantile:
		s.Mode, s.Quantile = adapt.Quantile, *spec.Stagger.Quantile
	default:
		s.Mode = adapt.Auto
	}
	s.Min, s.Max, s.Initial = spec.Stagger.Min.Duration, spec.Stagger.Max.Duration, spec.Stagger.Initial.Duration
	return s
}

func compileBreaker(b *v1alpha1.CircuitBreaker) breaker.Settings {
	return breaker.Settings{
		ConsecutiveFailures: uint32(b.ConsecutiveFailures),
		FailureRatio:        b.FailureRatio,
		MinAttempts:         uint32(b.MinAttempts),
		Window:              b.Window.Duration,
		OpenFor:             b.OpenFor.Duration,
		HalfOpenAttempts:    uint32(b.HalfOpenAttempts),
	}
}

func compileCodes(list []string) codes {
	var set codes
	for _, s := range list {
		if from, to, err := parseCodes(s); err == nil {
			set.add(from, to)
		}
	}
	return set
}
