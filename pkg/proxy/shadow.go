package proxy

import (
	"math/rand/v2"
	"time"

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
	plan := c.plan.Plan
	if timeout := plan.AttemptTimeout; timeout > 0 && took >= timeout {
		took, failed = timeout, true
	}
	plan.AttemptTimeout = 0 // it would end attempts of which nothing is known
	deadline := c.route.policy.Deadline
	if !c.callerBy.IsZero() {
		deadline = min(deadline, c.callerBy.Sub(c.arrived))
	}
	s := shadow{call: c}
	s.race.Start(&plan, deadline)
	for now := time.Duration(0); now < min(took, deadline); now = s.race.Wake() {
		s.act(now)
	}
	result := hedge.Answer{Verdict: hedge.Accepted}
	if failed {
		result = hedge.Answer{Verdict: hedge.NonFatal, Wait: c.first.wait, Unsent: c.unsent.Load() > 0}
	}
	s.race.Answer(took, 1, result)
	s.act(took)
	if wait := c.first.wait; wait > 0 && !s.race.Over() {
		s.act(took + wait)
	}
	return &s.seen
}

// shadow drives the race of one call whose further attempts are not sent: they never
// answer.
type shadow struct {
	call *call
	race hedge.Race
	seen telemetry.Shadow
}

// act notes what the race asks for at an instant.
func (s *shadow) act(now time.Duration) {
	for {
		switch a := s.race.Next(now); a.Kind {
		case hedge.Launch:
			if reason := s.admit(a.Ask); reason != hedge.Admitted {
				s.race.Refuse(reason)
				continue
			}
			s.race.Launch(now)
			if a.Ask.Trigger != hedge.Initial {
				s.seen.Launched = append(s.seen.Launched, a.Ask.Trigger)
			}
		case hedge.Suppress:
			s.seen.Suppressed = append(s.seen.Suppressed, hedge.Suppression{Number: a.Ask.Number, Trigger: a.Ask.Trigger, Reason: a.Reason})
		case hedge.Wait, hedge.Finish:
			return
		}
	}
}

// admit asks what call.Admit and the controller would, but for the breakers, which
// do not count in this mode.
func (s *shadow) admit(ask hedge.Ask) hedge.Reason {
	if ask.Trigger == hedge.Initial {
		return hedge.Admitted // it has been sent
	}
	unsent := 0
	if ask.Trigger == hedge.Failure {
		unsent = int(s.call.unsent.Load())
	}
	if reason := s.call.mayRepeat(ask.Number, unsent); reason != hedge.Admitted {
		return reason
	}
	state := s.call.route.state
	if s.call.route.policy.Upstream.Distinct == upstream.Require && ask.Number > state.supply.group.Len() {
		return hedge.NoEndpoint
	}
	if unsent == 0 && !s.call.plan.Sampled(ask, rand.Float64()) {
		return hedge.Draw
	}
	if !state.ledger.Take(false, time.Now()) {
		return hedge.Budget
	}
	return hedge.Admitted
}
