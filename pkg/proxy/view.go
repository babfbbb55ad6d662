package proxy

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

// PolicyView is a policy in force, for people to read.
type PolicyView struct {
	Policy   string                   `json:"policy"`
	Revision string                   `json:"revision"`
	Place    string                   `json:"place"`
	Line     int                      `json:"line"`
	Warnings []string                 `json:"warnings,omitempty"`
	Plan     PlanView                 `json:"plan"`
	Spec     v1alpha1.HedgePolicySpec `json:"spec"`
}

// PlanView is a plan in force. Durations are in Go's syntax.
type PlanView struct {
	FanOut         int      `json:"fanOut"`            // the most attempts of a call: the first one, hedges and retries
	Hedges         int      `json:"hedges"`            // attempts that come due by stagger
	HedgeShare     float64  `json:"hedgeShare"`        // of the calls, in which the first hedge is sent when due
	Defer          string   `json:"defer,omitempty"`   // how much later it is sent in the others
	Stagger        string   `json:"stagger,omitempty"` // the first of gaps
	Gaps           []string `json:"gaps"`              // before each hedge, from the newest attempt's start
	Deadline       string   `json:"deadline"`
	AttemptTimeout string   `json:"attemptTimeout,omitempty"`
	LeastRemaining string   `json:"leastRemaining"`

	State   adapt.State   `json:"state,omitempty"`
	Rule    adapt.Rule    `json:"rule,omitempty"`
	Figures adapt.Figures `json:"figures"`
	Reason  string        `json:"reason"`
}

// Policies returns the policies in force, by identity. It waits for a Publish
// under way, so that a revision and its plan belong together.
func (h *Handler) Policies() []PolicyView {
	h.mu.Lock()
	defer h.mu.Unlock()
	views := []PolicyView{}
	for _, r := range h.routes.Load().byRule {
		p := r.policy
		v := PolicyView{
			Policy: p.ID.String(), Revision: p.Revision, Place: p.Place, Line: p.Line,
			Plan: planView(r), Spec: p.Spec,
		}
		for _, w := range p.Warnings {
			v.Warnings = append(v.Warnings, w.Error())
		}
		views = append(views, v)
	}
	slices.SortFunc(views, func(a, b PolicyView) int { return cmp.Compare(a.Policy, b.Policy) })
	return views
}

func planView(r *route) PlanView {
	plan := r.state.controller.Plan()
	v := PlanView{
		FanOut: plan.FanOut, Hedges: plan.Hedges, HedgeShare: plan.HedgeShare,
		Gaps: []string{}, Deadline: r.policy.Deadline.String(), LeastRemaining: plan.LeastRemaining.String(),
		State: plan.State, Rule: plan.Rule, Figures: plan.Figures, Reason: plan.Reason,
	}
	for _, gap := range plan.Gaps[:plan.Hedges] {
		v.Gaps = append(v.Gaps, gap.String())
	}
	if plan.Defer > 0 {
		v.Defer = plan.Defer.String()
	}
	if plan.Hedges > 0 {
		v.Stagger = v.Gaps[0]
	}
	if plan.AttemptTimeout > 0 {
		v.AttemptTimeout = plan.AttemptTimeout.String()
	}
	return v
}

// UpstreamView is what a policy's upstream is like now.
type UpstreamView struct {
	Policy    string                    `json:"policy"`
	Target    string                    `json:"target,omitempty"`   // what the endpoints are found by; "": they are written down
	NotFound  bool                      `json:"notFound,omitempty"` // there is no such Service or DNS name, or it lacks the port
	Problem   string                    `json:"problem,omitempty"`  // why there is no endpoint, or what is known is not from now
	Endpoints []upstream.EndpointStatus `json:"endpoints"`
	Bypassed  int64                     `json:"breakerBypassed"` // first attempts that no breaker admitted
	Latency   LatencyView               `json:"latency"`
	Budget    budget.Status             `json:"budget"`
	Shadow    *budget.Status            `json:"shadow,omitempty"` // the ledger that mode Shadow charges instead of the budget
}

// LatencyView is what was learned of first attempts that were answered.
type LatencyView struct {
	Learned  bool    `json:"learned"` // whether there is enough to go by
	Samples  float64 `json:"samples"` // recent ones, older ones counting less
	Observed uint64  `json:"observed"`
	P50      string  `json:"p50,omitempty"`
	P99      string  `json:"p99,omitempty"`
}

// EndpointView is an endpoint, across the policies that share it.
type EndpointView struct {
	Address     string            `json:"address"`
	Protocol    upstream.Protocol `json:"protocol"`
	InFlight    int64             `json:"inFlight"`
	Score       float64           `json:"score"` // 0 good to 1 bad
	Connections transport.Stats   `json:"connections"`
	Policies    []string          `json:"policies"`
	// BudgetPercent is the sum of the budgets of the policies that may send it
	// further attempts: together they may add that much load.
	BudgetPercent float64 `json:"budgetPercent"`
	Warning       string  `json:"warning,omitempty"`
}

// UpstreamsView is all that /upstreams shows.
type UpstreamsView struct {
	Upstreams []UpstreamView `json:"upstreams"`
	Endpoints []EndpointView `json:"endpoints"`
}

// muchBudget is the sum of budgets on one upstream, in percent, from which on
// /upstreams warns.
const muchBudget = 25

// Upstreams returns the state of every upstream and endpoint. It waits for a
// Publish under way.
func (h *Handler) Upstreams() UpstreamsView {
	h.mu.Lock()
	defer h.mu.Unlock()
	view := UpstreamsView{Upstreams: []UpstreamView{}, Endpoints: []EndpointView{}}
	routes := h.routes.Load()
	shared := map[upstream.Key]*EndpointView{}
	for _, e := range h.options.Registry.Endpoints() {
		shared[e.Key()] = &EndpointView{
			Address: e.Key().Address, Protocol: e.Key().Protocol, InFlight: e.InFlight(), Score: e.Score(), Policies: []string{},
		}
		if c, ok := e.Carrier().(*transport.Carrier); ok {
			shared[e.Key()].Connections = c.Stats()
		}
	}
	for _, r := range routes.byRule {
		view.Upstreams = append(view.Upstreams, upstreamView(r))
		for _, k := range r.state.supply.group.Keys() {
			if e := shared[k]; e != nil {
				e.Policies = append(e.Policies, r.policy.ID.String())
				if r.policy.Enforced() && r.policy.Learn.FanOut > 1 {
					e.BudgetPercent += r.policy.Budget.Percent
				}
			}
		}
	}
	for _, e := range h.options.Registry.Endpoints() {
		if v := shared[e.Key()]; v != nil {
			if v.BudgetPercent > muchBudget {
				v.Warning = fmt.Sprintf("the budgets of %d policies add up to %g %% extra load on this endpoint", len(v.Policies), v.BudgetPercent)
			}
			view.Endpoints = append(view.Endpoints, *v)
		}
	}
	slices.SortFunc(view.Upstreams, func(a, b UpstreamView) int { return cmp.Compare(a.Policy, b.Policy) })
	return view
}

func upstreamView(r *route) UpstreamView {
	s := r.state
	learned := s.controller.Status()
	found, _ := s.supply.known()
	v := UpstreamView{
		Policy: r.policy.ID.String(), Target: r.policy.Upstream.Target.String(), NotFound: found.NotFound, Problem: problemOf(found),
		Endpoints: s.supply.group.Status(), Bypassed: s.bypassed.Load(), Budget: s.budget.Status(time.Now()),
		Latency: LatencyView{Learned: learned.Plan.Learned, Samples: learned.Plan.Samples, Observed: learned.Observed},
	}
	if r.policy.Mode == v1alpha1.ModeShadow {
		v.Shadow = new(s.ledger.Status(time.Now()))
	}
	if learned.Plan.Learned {
		v.Latency.P50 = learned.Plan.P50.Round(time.Microsecond).String()
		v.Latency.P99 = learned.Plan.P99.Round(time.Microsecond).String()
	}
	return v
}
