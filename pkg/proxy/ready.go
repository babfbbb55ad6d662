package proxy

import (
	"fmt"
	"time"

	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/policy"
)

// discoveryTimeout bounds how long the endpoints of an upstream are waited for
// before calls are taken all the same: it must not keep those of the others away.
const discoveryTimeout = 10 * time.Second

// Ready says why calls would find an upstream without endpoints that has some: it
// has not been looked for yet. Once it has returned nil it does ever after, so that
// a policy that comes later does not take the daemon out of service. It is to be
// asked when the policies are there.
func (h *Handler) Ready() error {
	if h.found.Load() {
		return nil
	}
	waiting, first := 0, ""
	for _, r := range h.routes.Load().byRule {
		if target, awaited := r.state.supply.awaited(time.Now()); awaited {
			if waiting++; waiting == 1 {
				first = fmt.Sprintf("%s of policy %s", target, r.policy.ID)
			}
		}
	}
	if waiting > 0 {
		return fmt.Errorf("upstreams: the endpoints of %d are not known yet, the first: %s", waiting, first)
	}
	h.found.Store(true)
	return nil
}

// awaited reports whether the target's endpoints are not known yet and still
// waited for.
func (s *supply) awaited(now time.Time) (t discovery.Target, awaited bool) {
	if _, known := s.known(); known {
		return discovery.Target{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.policy.Upstream.Target, now.Sub(s.since) < discoveryTimeout
}

// Problems says, for each policy whose upstream is not found or may not be looked
// for, what is wrong and what mends it.
func (h *Handler) Problems() map[policy.ID]string {
	problems := map[policy.ID]string{}
	for _, r := range h.routes.Load().byRule {
		if found, _ := r.state.supply.known(); missing(found) {
			problems[r.policy.ID] = problemOf(found)
		}
	}
	return problems
}

// UpstreamsChanged is sent to, for one receiver, when what Problems returns may
// have changed since it last received.
func (h *Handler) UpstreamsChanged() <-chan struct{} { return h.changed }

// lack says, to whoever calls, why there is no endpoint.
func (s *supply) lack() string {
	found, known := s.known()
	s.mu.Lock()
	target := s.policy.Upstream.Target.String()
	s.mu.Unlock()
	switch {
	case target == "":
		return "the policy's upstream has no endpoint to send this call to"
	case !known:
		return "the endpoints of the policy's upstream, " + target + ", are not known yet"
	case found.Problem != nil:
		return "the policy's upstream, " + target + ", has no endpoint to send this call to: " + problemOf(found)
	default:
		return "the policy's upstream, " + target + ", has no endpoint that is ready"
	}
}
