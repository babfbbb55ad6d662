package proxy

import (
	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/upstream"
)

// Ended implements hedge.Caller: everyone who learns from an attempt's end
// learns it here, as the table at hedge.End says.
func (c *call) Ended(e hedge.Attempt) {
	a := c.attempts[e.Number-1]
	verdict := hedge.NonFatal
	end := telemetry.AttemptEnd{End: e.End, Elapsed: e.Elapsed, Deadline: e.Deadline}
	switch e.End {
	case hedge.Lost, hedge.TimedOut, hedge.ClientGone:
		a.carrier.Cancelled()
	case hedge.Won:
		verdict, end.Status = hedge.Accepted, a.status
	case hedge.Failed, hedge.Rejected:
		if a.err == nil {
			verdict = c.route.policy.Classify(a.status)
		}
		end.Status, end.Err = a.status, a.err
	}
	end.Verdict = verdict
	a.record.End(end)

	seen, kind := c.lesson(a, e, verdict)
	if c.route.policy.Disabled {
		seen.Mark = breaker.Neutral
	}
	a.lease.Done(seen)
	if kind != nothing {
		c.route.state.learner.Observe(e.Number == 1, kind, e.Elapsed)
	}
}

// nothing is the kind of an end that the latency curve learns nothing from.
const nothing = adapt.Kind(255)

// lesson is what an attempt's end tells of its endpoint, and of latency.
func (c *call) lesson(a *attempt, e hedge.Attempt, verdict hedge.Verdict) (upstream.Observation, adapt.Kind) {
	bad := upstream.Observation{Mark: breaker.Failure, Bad: true}
	good := upstream.Observation{Mark: breaker.Success, Good: true}
	waited := e.Elapsed >= c.plan.FairWait // long enough that silence says something
	switch e.End {
	case hedge.Won:
		return good, adapt.Success
	case hedge.Lost:
		return upstream.Observation{Bad: waited}, adapt.Censored // P1, P3
	case hedge.ClientGone:
		return upstream.Observation{}, adapt.Censored
	case hedge.TimedOut:
		if !e.Deadline || waited {
			return bad, adapt.Censored
		}
		return upstream.Observation{}, adapt.Censored
	case hedge.Failed:
		switch {
		case a.ownFault:
			return upstream.Observation{}, nothing
		case verdict == hedge.NonFatal:
			return bad, adapt.Failure
		case a.status >= 500: // fatal: answered, but a server's failure all the same
			return bad, adapt.Success
		default:
			return good, adapt.Success
		}
	default: // rejected before it was sent
		return upstream.Observation{}, nothing
	}
}
