package proxy

import (
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
	"hedged.dev/hedged/pkg/wire"
)

// ChainStop suppresses further attempts of a call that arrives as somebody
// else's second attempt: hedges of hedges multiply (P20).
const ChainStop hedge.Reason = "chain_stop"

// call is one call under way: what the engine asks of it. Admit and Ended run
// one at a time; Run of several attempts at once.
type call struct {
	handler *Handler
	route   *route
	request *http.Request
	plan    *adapt.Plan
	record  *telemetry.Call
	body    *replay // nil: the request has none

	arrived   time.Time
	deadline  time.Time    // until an answer is committed; zero: none
	callerBy  time.Time    // the caller's own deadline; zero: none
	recorded  uint64       // its number in the attempt log; 0: it is not in it
	arrivedAs int          // the number of the attempt that the call arrived as
	repeats   bool         // a copy of the request does no harm
	unsent    atomic.Int32 // attempts that failed with nothing sent
	replaced  int32        // those of them that another attempt was sent for

	attempts [hedge.MaxFanOut]*attempt
	first    attempt // attempts[0], without an allocation of its own
}

// attempt is one attempt of a call.
type attempt struct {
	lease   upstream.Lease
	carrier *transport.Carrier
	header  sheet
	record  telemetry.Attempt
	context transport.Context // that Run runs under

	// What Run found. Not to be read for an attempt that did not end by its
	// own result: Run may still be writing.
	status   int
	grpc     string // gRPC's status of the answer; "" while it has not told
	err      error
	wait     time.Duration // the upstream's pushback for the call
	ownFault bool          // the request's body failed, not the endpoint
}

func newCall(h *Handler, t *route, r *http.Request, arrived time.Time) *call {
	c := &call{
		handler: h, route: t, request: r, plan: t.state.controller.Begin(), arrived: arrived,
		arrivedAs: wire.AttemptIn(fields(r.Header)),
		repeats:   t.policy.Idempotent(r.Method, fields(r.Header).Get("Idempotency-Key") != ""),
	}
	if t.policy.Enforced() {
		c.deadline = arrived.Add(t.policy.Deadline)
	}
	if d, ok := wire.DeadlineIn(fields(r.Header), h.options.DeadlineHeader); ok {
		c.callerBy = arrived.Add(d)
		if c.deadline.IsZero() || c.callerBy.Before(c.deadline) {
			c.deadline = c.callerBy
		}
	}
	return c
}

// Admit implements hedge.Caller: it reserves an endpoint and a token, and
// writes the attempt's header.
func (c *call) Admit(ask hedge.Ask) hedge.Reason {
	n := ask.Number
	if reason := c.mayRepeat(n, int(c.unsent.Load())); reason != hedge.Admitted {
		return reason
	}
	state := c.route.state
	var used []*upstream.Endpoint
	for _, earlier := range c.attempts[:n-1] {
		used = append(used, earlier.lease.Endpoint)
	}
	lease, reason := state.supply.group.Pick(n == 1, used)
	if reason != hedge.Admitted {
		return reason
	}
	if n > 1 {
		if reason := c.afford(ask); reason != hedge.Admitted {
			lease.Done(upstream.Observation{})
			return reason
		}
	}
	a := &c.first
	if n > 1 {
		a = new(attempt)
	}
	a.lease = lease
	a.carrier, _ = lease.Endpoint.Carrier().(*transport.Carrier)
	c.attempts[n-1] = a
	if lease.Bypassed {
		state.bypassed.Add(1)
	}
	c.address(a, n, ask.Trigger)
	return hedge.Admitted
}

// afford asks the controller for a further attempt.
func (c *call) afford(ask hedge.Ask) hedge.Reason {
	controller, now := c.route.state.controller, time.Now()
	if ask.Trigger == hedge.Failure && c.unsent.Load() > c.replaced {
		c.replaced++
		return controller.Replace(now)
	}
	return controller.Admit(c.plan, ask, rand.Float64(), now)
}

// mayRepeat says whether the request may be sent another time, when so many of the
// attempts before it failed with nothing sent.
func (c *call) mayRepeat(n, unsent int) hedge.Reason {
	switch {
	case n == 1:
		return hedge.Admitted
	case c.arrivedAs > 1:
		return ChainStop
	case !c.repeats && unsent < n-1: // an attempt in flight may have been sent, and one that timed out
		return hedge.NotIdempotent
	case c.body != nil && c.body.tooLarge():
		return hedge.BodyTooLarge
	}
	return hedge.Admitted
}

// Discard implements hedge.Caller.
func (c *call) Discard(answer *http.Response) {
	_ = answer.Body.Close() // its connection goes with its context
}
