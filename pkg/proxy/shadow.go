package proxy

import (
	"math/rand/v2"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/upstream"
)

// shadow works out, after the call's only attempt has ended, which attempts the plan
// would have launched by then: the hedges that came due before the end or the
// deadline, and a retry if the attempt failed. What would have become of them is
// not known, so that none follows from another's failure. They are charged to the
// policy's ledger, never to its budget.
func (c *call) shadow(took time.Duration, failed bool) *telemetry.Shadow {
	c.route.state.ledger.Call()
	s := shadow{call: c, plan: c.plan, deadline: c.route.policy.Deadline, launched: 1}
	if !c.callerBy.IsZero() {
		s.deadline = min(s.deadline, c.callerBy.Sub(c.arrived))
	}
	if timeout := s.plan.AttemptTimeout; timeout > 0 && took >= timeout {
		took, failed = timeout, true
	}
	s.hedge(min(took, s.deadline))
	if at := took + max(c.first.wait, 0); failed && at < s.deadline {
		s.retry(at)
	}
	return &s.seen
}

// shadow is the ladder of one call that was not climbed.
type shadow struct {
	call     *call
	plan     *adapt.Plan
	deadline time.Duration
	launched int           // attempts that would have been, the real one included
	newest   time.Duration // when the newest of them would have been launched
	stopped  bool          // no later one could finish
	drawn    bool          // a hedge was put off once: the draw is not against it again
	seen     telemetry.Shadow
}

// hedge launches what comes due by stagger before the end, as the engine does.
func (s *shadow) hedge(end time.Duration) {
	for _, gap := range s.plan.Gaps[:s.plan.FanOut-1] {
		if gap < 0 || s.stopped || s.newest+gap >= end {
			return
		}
		s.newest += gap
		reason := s.due(hedge.Stagger, s.newest)
		if reason != hedge.Draw || s.drawn || s.plan.Again <= 0 || s.newest+s.plan.Again >= end {
			continue
		}
		s.drawn = true
		s.newest += s.plan.Again
		s.due(hedge.Stagger, s.newest)
	}
}

// retry launches what the failure of the real attempt does.
func (s *shadow) retry(at time.Duration) {
	most := s.plan.FanOut
	if s.call.unsent.Load() > 0 {
		most = min(most+1, s.plan.Most)
	}
	if s.launched == most || s.stopped {
		return
	}
	if s.call.first.wait < 0 {
		s.suppress(hedge.Failure, hedge.Pushback)
		return
	}
	s.due(hedge.Failure, at)
}

// due launches or suppresses the next attempt.
func (s *shadow) due(t hedge.Trigger, at time.Duration) hedge.Reason {
	reason := s.admit(t, at)
	if reason != hedge.Admitted {
		s.suppress(t, reason)
		return reason
	}
	s.launched++
	s.seen.Launched = append(s.seen.Launched, t)
	return reason
}

func (s *shadow) suppress(t hedge.Trigger, reason hedge.Reason) {
	s.seen.Suppressed = append(s.seen.Suppressed, hedge.Suppression{Number: s.launched + 1, Trigger: t, Reason: reason})
}

// admit asks what the engine, call.Admit and the controller would, but for the
// breakers, which do not count in this mode.
func (s *shadow) admit(t hedge.Trigger, at time.Duration) hedge.Reason {
	n, p := s.launched+1, s.call.route.policy
	if s.deadline-at < s.plan.LeastRemaining {
		s.stopped = true
		return hedge.NoTime
	}
	unsent := 0
	if t == hedge.Failure {
		unsent = int(s.call.unsent.Load())
	}
	if reason := s.call.mayRepeat(n, unsent); reason != hedge.Admitted {
		return reason
	}
	state := s.call.route.state
	if p.Upstream.Distinct == upstream.Require && n > state.supply.group.Len() {
		return hedge.NoEndpoint
	}
	draw := rand.Float64()
	if s.drawn && t == hedge.Stagger {
		draw = 0
	}
	if unsent == 0 && !s.plan.Draws(n, t, draw) {
		return hedge.Draw
	}
	if !state.ledger.Take(time.Now()) {
		return hedge.Budget
	}
	return hedge.Admitted
}
