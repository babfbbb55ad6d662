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
	if c.route.policy.Mode == v1alpha1.ModeShadow {
		end.Shadow = c.shadow(time.Since(c.arrived), c.failed(o))
	}
}

// failed reports whether the call ended without an accepted answer although another
// attempt might have got one: neither the client nor its request was the cause.
func (c *call) failed(o *hedge.Outcome[*http.Response]) bool {
	return o.Verdict == hedge.NonFatal && o.Launched > 0 && !errors.Is(o.Err, hedge.ErrGone) &&
		(c.body == nil || c.body.failed() == nil)
}

// nothing is the kind of an end that the latency curve learns nothing from.
const nothing = adapt.Kind(255)

// lesson is what an attempt's end tells of its endpoint, and of latency.
func (c *call) lesson(a *attempt, e hedge.Attempt, verdict hedge.Verdict) (upstream.Observation, adapt.Kind) {
	answered := false
	if e.End == hedge.Failed { // of another end Run may still be writing what it found
		if a.ownFault {
			return upstream.Observation{}, nothing
		}
		// A fatal failure of a server is answered, and a failure all the same.
		answered = verdict != hedge.NonFatal && a.status < 500
	}
	return upstream.Judge(e, answered, c.plan.FairWait, c.route.policy.Deadline), kind(e.End, verdict)
}

// kind is what an attempt's end tells of latency.
func kind(e hedge.End, verdict hedge.Verdict) adapt.Kind {
	switch e {
	case hedge.Won:
		return adapt.Success
	case hedge.Lost, hedge.ClientGone:
		return adapt.Censored
	case hedge.TimedOut:
		return adapt.Expired
	case hedge.Failed:
		if verdict == hedge.NonFatal {
			return adapt.Failure
		}
		return adapt.Success
	default: // rejected before it was sent
		return nothing
	}
}
