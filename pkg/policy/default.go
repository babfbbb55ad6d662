package policy

import (
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/adapt"
)

// defaults is the document that a user's is read over.
func defaults() *v1alpha1.HedgePolicy {
	return &v1alpha1.HedgePolicy{Spec: v1alpha1.HedgePolicySpec{
		Mode: v1alpha1.ModeEnforce,
		Upstream: v1alpha1.Upstream{
			Protocol:       v1alpha1.ProtocolHTTP1,
			Host:           v1alpha1.HostPreserve,
			Distinct:       v1alpha1.DistinctPrefer,
			ConnectTimeout: duration(time.Second),
		},
		StreamIdleTimeout: duration(time.Minute),
		FanOut:            v1alpha1.FanOut{Max: 3, Adaptive: true},
		Stagger:           v1alpha1.Stagger{Mode: v1alpha1.StaggerAuto},
		Budget:            v1alpha1.Budget{Percent: 10, MinPerSecond: 10},
		Accept:            v1alpha1.Accept{HTTP: []string{"200-428", "430-499"}},
		NonFatal:          v1alpha1.NonFatal{HTTP: []string{"429", "500", "502-504"}},
		Commit:            v1alpha1.CommitHeaders,
		BufferLimit:       size(1 << 20),
		Idempotency:       v1alpha1.IdempotencySafeMethods,
		ReplayLimit:       size(64 << 10),
		CircuitBreaker: v1alpha1.CircuitBreaker{
			ConsecutiveFailures: 5,
			FailureRatio:        0.5,
			MinAttempts:         20,
			Window:              duration(10 * time.Second),
			OpenFor:             duration(10 * time.Second),
			HalfOpenAttempts:    1,
		},
		Pushback: v1alpha1.PushbackHonor,
	}}
}

// defaultTarget is the success target of a policy that gives none.
const defaultTarget = 0.999

// defaultPlan fills in what follows from other fields: the success target of an
// adaptive fan-out, and the bounds of a stagger that is not fixed.
func defaultPlan(spec *v1alpha1.HedgePolicySpec) {
	if spec.FanOut.Adaptive && spec.FanOut.SuccessTarget == nil {
		spec.FanOut.SuccessTarget = new(defaultTarget)
	}
	s := &spec.Stagger
	if s.Mode == v1alpha1.StaggerFixed {
		return
	}
	if s.Min == nil {
		s.Min = new(duration(time.Millisecond))
	}
	if s.Max == nil {
		s.Max = new(spec.Deadline)
	}
	if s.Initial == nil {
		s.Initial = new(duration(min(max(adapt.InitialStagger(spec.Deadline.Duration), s.Min.Duration), s.Max.Duration)))
	}
}

// defaultRefresh is the refresh of a DNS upstream that gives none.
const defaultRefresh = 30 * time.Second

// defaultUpstream fills in what depends on the kind of the upstream. What a DNS
// name stands for serves many names, so that it has to be told the right one.
func (d *document) defaultUpstream(u *v1alpha1.Upstream, o Options) {
	const at = "spec.upstream"
	if u.Service != nil && !d.has(at+".service.namespace") {
		u.Service.Namespace = o.Namespace
	}
	if u.DNS == nil {
		return
	}
	if !d.has(at + ".dns.refresh") {
		u.DNS.Refresh = duration(defaultRefresh)
	}
	if !d.has(at + ".host") {
		u.Host = v1alpha1.HostUpstream
	}
}

func duration(d time.Duration) v1alpha1.Duration { return v1alpha1.Duration{Duration: d} }

func size(n int64) v1alpha1.Size {
	return v1alpha1.Size{Quantity: *resource.NewQuantity(n, resource.BinarySI)}
}
