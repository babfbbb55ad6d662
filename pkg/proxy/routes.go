package proxy

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/upstream"
)

// routes is a table of policies with the state that calls under each work on.
// It is immutable; a change of policies stores another one.
type routes struct {
	table  *policy.Table
	byRule []*route // by policy.Table's index of a policy
}

// route is one policy in force.
type route struct {
	policy   *policy.Policy
	state    *state
	recorder *telemetry.Recorder
}

// state is what outlives a revision of a policy: what is learned of latency,
// the budget, and the endpoints with their breakers.
type state struct {
	name       string // of the upstream, in spans and metrics
	controller *adapt.Controller
	budget     *budget.Budget
	ledger     *budget.Budget // what mode Shadow charges instead
	supply     *supply
	bypassed   atomic.Int64  // first attempts that no breaker admitted
	deadline   time.Duration // of the revision in force; guarded by Handler.mu
}

func newRoutes(t *policy.Table, of func(*policy.Policy) *route) *routes {
	if t == nil {
		t, _ = policy.NewTable(nil)
	}
	r := &routes{table: t}
	for _, p := range t.Policies() {
		r.byRule = append(r.byRule, of(p))
	}
	return r
}

// match finds the policy of a request. A request in absolute form (RFC 9112,
// section 3.2.2) must name a host that a policy names, or hedged would be an
// open proxy (P32).
func (t *routes) match(r *http.Request) (*route, *policy.Rule) {
	if r.URL.IsAbs() && !t.table.HasHost(r.Host) {
		return nil, nil
	}
	p, rule, ok := t.table.Match(policy.Request{Host: r.Host, Method: r.Method, Path: r.URL.Path, Headers: r.Header})
	if !ok {
		return nil, nil
	}
	return t.byRule[t.table.Index(p)], rule
}

// Publish puts a table of policies in force, in one atomic store: a call sees
// the old table or the new one. State of policies that stay is kept, and follows
// the new revision right after: whoever sees a revision's plan, its endpoints or
// its budget at work sees that revision in force. Calls under way finish under
// the policy and the plan that they began with. An upstream that was another one
// keeps the endpoints of that until its own are known.
func (h *Handler) Publish(t *policy.Table) {
	h.mu.Lock()
	defer h.mu.Unlock()
	states := make(map[string]*state, len(h.states))
	before := map[policy.ID]*state{}
	for _, r := range h.routes.Load().byRule {
		before[r.policy.ID] = r.state
	}
	next := newRoutes(t, func(p *policy.Policy) *route {
		key := p.StateKey()
		s, known := h.states[key]
		if !known {
			s = h.newState(p, before[p.ID])
		}
		states[key] = s
		return &route{policy: p, state: s, recorder: h.options.Telemetry.Recorder(p.ID.String(), p.Revision, s.name)}
	})
	gone := h.states
	h.states = states
	h.routes.Store(next)
	for _, r := range next.byRule {
		if gone[r.policy.StateKey()] == r.state {
			r.state.update(r.policy)
		}
	}
	for key, s := range gone {
		if states[key] == nil {
			h.retired = append(h.retired, retiree{s, time.Now().Add(max(retireAfter, s.deadline))})
		}
	}
}

// retireAfter is how long at least the endpoints of a policy that was removed are held
// for calls that began under it. A call picks its first endpoint at once, and a
// further one only before its deadline.
const retireAfter = time.Minute

// retiree is the state of a policy that was removed.
type retiree struct {
	state *state
	until time.Time
}

// Close lets go of every endpoint. No call may be under way.
func (h *Handler) Close() {
	h.Publish(nil)
	h.release(func(retiree) bool { return true })
}

func (h *Handler) release(due func(retiree) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.retired = slices.DeleteFunc(h.retired, func(r retiree) bool {
		if !due(r) {
			return false
		}
		r.state.supply.close()
		return true
	})
}

func (h *Handler) newState(p *policy.Policy, before *state) *state {
	now := time.Now()
	b := budget.New(p.Budget, now)
	return &state{
		name:       p.ID.String(),
		controller: adapt.New(learnSettings(p), b),
		budget:     b,
		ledger:     budget.New(p.Budget, now),
		supply:     h.newSupply(p, before),
		deadline:   p.Deadline,
	}
}

func (s *state) update(p *policy.Policy) {
	s.deadline = p.Deadline
	now := time.Now()
	s.budget.Update(p.Budget, now)
	s.ledger.Update(p.Budget, now)
	s.controller.Update(learnSettings(p))
	s.supply.update(p)
}

// learnSettings are what plans are made by: a disabled policy's are of one
// attempt that nothing but the caller bounds. In mode Shadow a plan is as if it were
// carried out.
func learnSettings(p *policy.Policy) adapt.Settings {
	s := p.Learn
	if p.Mode == v1alpha1.ModeDisabled {
		s.FanOut, s.AttemptTimeout = 1, 0
	}
	return s
}

func groupOptions(p *policy.Policy) upstream.Options {
	return upstream.Options{Distinct: p.Upstream.Distinct, Unguarded: !p.Enforced(), Breaker: p.Breaker}
}
