package proxy

import (
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

// Labels of hedged's own metrics, beside the policy's and the upstream's.
const (
	endpointKey = attribute.Key("hedged.endpoint")
	protocolKey = attribute.Key("hedged.endpoint.protocol")
)

// observe registers the metrics that are read from state when they are
// collected, and cost a call nothing.
func (h *Handler) observe() error {
	t := h.options.Telemetry
	return errors.Join(
		t.Observe("hedged.plan.fan_out", "{attempt}", "The most attempts of a call that the plan is for now.",
			h.eachPlan(anyPlan, func(p *adapt.Plan) float64 { return float64(p.FanOut) })),
		t.Observe("hedged.plan.hedges", "{attempt}", "The attempts of a call that come due by stagger now.",
			h.eachPlan(anyPlan, func(p *adapt.Plan) float64 { return float64(p.Hedges) })),
		t.Observe("hedged.plan.stagger", "s", "The wait before the first hedge is launched now; absent while there is no hedge.",
			h.eachPlan(hedges, func(p *adapt.Plan) float64 { return p.Stagger.Seconds() })),
		t.Observe("hedged.plan.independence", "1", "How far hedging is left alone: 1 fully, 0 not at all, because the upstream has slowed and hedges do not help.",
			h.eachPlan(adaptive, func(p *adapt.Plan) float64 { return p.Figures.Independence })),
		t.Observe("hedged.plan.latency_ratio", "1", "The median latency now divided by the least median of the last minute: queues make it grow.",
			h.eachPlan(adaptive, func(p *adapt.Plan) float64 { return p.Figures.LatencyRatio })),
		t.Observe("hedged.ticks.duration", "s", "How long a round of ticks takes, in which every policy in use makes its next plan.", func(emit telemetry.Emit) {
			emit(time.Duration(h.rounds.duration.Load()).Seconds())
		}),
		t.Observe("hedged.ticks.interval", "s", "The time between two rounds of ticks: 0.1, longer when very many policies are in use.", func(emit telemetry.Emit) {
			emit(time.Duration(h.rounds.interval.Load()).Seconds())
		}),
		t.Observe("hedged.policy.revision", "", "1 for the revision of a policy that is in force.", func(emit telemetry.Emit) {
			for _, r := range h.routes.Load().byRule {
				emit(1, append(r.labels(), telemetry.RevisionKey.String(r.policy.Revision))...)
			}
		}),
		t.Observe("hedged.upstream.endpoints", "{endpoint}", "Endpoints that a policy's upstream has now.", func(emit telemetry.Emit) {
			for _, r := range h.routes.Load().byRule {
				emit(float64(r.state.supply.group.Len()), r.labels()...)
			}
		}),
		t.Observe("hedged.budget.tokens", "{attempt}", "Further attempts in stock.", func(emit telemetry.Emit) {
			for _, r := range h.routes.Load().byRule {
				emit(r.state.budget.Status(time.Now()).Tokens, r.labels()...)
			}
		}),
		t.ObserveTotal("hedged.breaker.bypassed", "{attempt}", "First attempts that went out although no breaker admitted them.", func(emit telemetry.Emit) {
			for _, r := range h.routes.Load().byRule {
				emit(float64(r.state.bypassed.Load()), r.labels()...)
			}
		}),
		t.Observe("hedged.breaker.state", "", "State of an endpoint's breaker: 0 closed, 1 half-open, 2 open.", func(emit telemetry.Emit) {
			for _, r := range h.routes.Load().byRule {
				for _, e := range r.state.supply.group.Status() {
					emit(breakerState(e), append(r.labels(), endpointKey.String(e.Address))...)
				}
			}
		}),
		t.Observe("hedged.endpoint.in_flight", "{attempt}", "Attempts in flight at an endpoint.",
			h.eachEndpoint(func(e *upstream.Endpoint) float64 { return float64(e.InFlight()) })),
		t.Observe("hedged.endpoint.score", "1", "Share of bad ends among an endpoint's recent attempts.",
			h.eachEndpoint((*upstream.Endpoint).Score)),
		t.Observe("hedged.endpoint.connections", "{connection}", "Connections open to an endpoint.",
			h.eachCarrier(func(s transport.Stats) float64 { return float64(s.Open) })),
		t.ObserveTotal("hedged.endpoint.connections.opened", "{connection}", "Connections opened to an endpoint.",
			h.eachCarrier(func(s transport.Stats) float64 { return float64(s.Opened) })),
		t.ObserveTotal("hedged.endpoint.attempts.cancelled", "{attempt}", "Attempts cancelled at an endpoint: over HTTP/1.1 each closed a connection.",
			h.eachCarrier(func(s transport.Stats) float64 { return float64(s.Cancelled) })),
	)
}

// labels names the policy in metrics. The slice is the caller's own.
func (r *route) labels() []attribute.KeyValue {
	return []attribute.KeyValue{telemetry.PolicyKey.String(r.policy.ID.String()), telemetry.UpstreamKey.String(r.state.name)}
}

// eachPlan emits a figure of the plans that have it.
func (h *Handler) eachPlan(has func(*adapt.Plan) bool, f func(*adapt.Plan) float64) func(telemetry.Emit) {
	return func(emit telemetry.Emit) {
		for _, r := range h.routes.Load().byRule {
			if p := r.state.controller.Plan(); has(p) {
				emit(f(p), r.labels()...)
			}
		}
	}
}

func anyPlan(*adapt.Plan) bool { return true }

func hedges(p *adapt.Plan) bool { return p.Hedges > 0 }

// adaptive reports whether the plan was made by what was learned of the upstream.
func adaptive(p *adapt.Plan) bool { return p.Adaptive && p.Learned }

func (h *Handler) eachEndpoint(f func(*upstream.Endpoint) float64) func(telemetry.Emit) {
	return func(emit telemetry.Emit) {
		for _, e := range h.options.Registry.Endpoints() {
			emit(f(e), endpointKey.String(e.Key().Address), protocolKey.String(string(e.Key().Protocol)))
		}
	}
}

func (h *Handler) eachCarrier(f func(transport.Stats) float64) func(telemetry.Emit) {
	return h.eachEndpoint(func(e *upstream.Endpoint) float64 {
		if c, ok := e.Carrier().(*transport.Carrier); ok {
			return f(c.Stats())
		}
		return 0
	})
}

func breakerState(e upstream.EndpointStatus) float64 {
	switch e.State {
	case "half-open":
		return 1
	case "open":
		return 2
	default:
		return 0
	}
}
