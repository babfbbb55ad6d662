package proxy

import (
	"errors"
	"net/http"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/record"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/upstream"
)

// Ended implements hedge.Caller: everyone who learns from an attempt's end
// learns it here, as the table at hedge.End says.
func (c *call) Ended(e hedge.Attempt) {
	a := c.attempts[e.Number-1]
	verdict := hedge.NonFatal
	end := telemetry.AttemptEnd{End: e.End, Launched: e.Start, Elapsed: e.Elapsed, Deadline: e.Deadline}
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
	if e.End == hedge.Won || e.End == hedge.Failed {
		end.RPCStatus = a.grpc
	}
	end.Verdict = verdict
	a.record.End(end)

	seen, kind := c.lesson(a, e, verdict)
	if !c.route.policy.Enforced() {
		seen.Mark = breaker.Neutral
	}
	a.lease.Done(seen)
	if kind != nothing {
		c.route.state.controller.Observe(e.Trigger, kind, e.Elapsed)
	}
	if log := c.handler.options.Attempts; log.Active() {
		log.Add(c.logged(a, e))
	}
}

// logged is an attempt as the attempt log has it. A call gets its number with the
// first of its attempts to end.
func (c *call) logged(a *attempt, e hedge.Attempt) record.Attempt {
	if c.recorded == 0 {
		c.recorded = c.handler.recorded.Add(1)
	}
	r := record.Attempt{
		Time: e.Start, Policy: c.route.policy.ID.String(), Call: c.recorded, Attempt: e.Number,
		Trigger: e.Trigger.String(), Endpoint: a.lease.Endpoint.Key().Address,
		End: e.End.String(), ElapsedMS: e.Elapsed.Seconds() * 1e3,
	}
	if e.End == hedge.Won || e.End == hedge.Failed {
		r.Status = a.status
	}
	return r
}

// learn tells of the call as a whole, before its answer is written.
func (c *call) learn(o *hedge.Outcome[*http.Response], end *telemetry.CallEnd) {
	missed := c.missed(o)
	if c.route.policy.Mode == v1alpha1.ModeShadow {
		took := time.Since(c.arrived)
		end.Shadow = c.shadow(took, missed)
		missed = missed || took > c.route.policy.Deadline
	}
	if missed {
		c.route.state.controller.Missed()
	}
}

// missed reports whether the call ended without an accepted answer in time although
// another attempt might have got one: neither the client nor its request was the cause.
func (c *call) missed(o *hedge.Outcome[*http.Response]) bool {
	return o.Verdict == hedge.NonFatal && o.Launched > 0 && !errors.Is(o.Err, hedge.ErrGone) &&
		(c.body == nil || c.body.failed() == nil)
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
			return bad, adapt.Expired
		}
		return upstream.Observation{}, adapt.Expired
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
