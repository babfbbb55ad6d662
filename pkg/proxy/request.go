package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/wire"
)

// address writes the attempt's header and opens its record.
func (c *call) address(a *attempt, n int, trigger hedge.Trigger) {
	if n > 1 { // the first attempt may be sending the original
		a.header.fields = fields(c.request.Header.Clone())
	}
	if c.route.policy.Enforced() {
		wire.AttemptOut(&a.header, max(n, c.arrivedAs))
		c.tellDeadline(&a.header)
	}
	start := telemetry.AttemptStart{
		Number: n, Trigger: trigger, Method: c.request.Method,
		Endpoint: a.lease.Endpoint.Key().Address, Upstream: c.route.state.name,
	}
	if c.record.Sampled() {
		u := c.target(a)
		start.URL = u.String()
	}
	a.record = c.record.Attempt(start)
	a.record.Inject(telemetry.Header(a.header.fields))
}

// tellDeadline passes on what remains of a deadline. An upstream that is told
// the policy's would cut off a stream that is long since committed, so only
// with commit Body, where the deadline covers the whole answer, it is.
func (c *call) tellDeadline(header *sheet) {
	extra := c.handler.options.DeadlineHeader
	switch {
	case c.route.policy.Commit == v1alpha1.CommitBody && !c.deadline.IsZero():
		wire.DeadlineOut(header, extra, time.Until(c.deadline), true)
	case !c.callerBy.IsZero():
		wire.DeadlineOut(header, extra, time.Until(c.callerBy), false)
	}
}

// target is the URL of an attempt: the client's path and query at the endpoint.
func (c *call) target(a *attempt) url.URL {
	u := *c.request.URL
	u.Scheme, u.Host = a.carrier.Target(c.host(a))
	u.User = nil
	return u
}

// host is the Host that the upstream sees.
func (c *call) host(a *attempt) string {
	switch up := &c.route.policy.Upstream; up.Host {
	case policy.HostUpstream:
		return a.carrier.Address()
	case policy.HostNamed:
		return up.HostName
	default:
		return c.request.Host
	}
}

// outgoing makes the attempt's request.
func (c *call) outgoing(ctx context.Context, a *attempt) *http.Request {
	in := c.request
	target := c.target(a)
	p := c.route.policy
	a.context = transport.Context{Context: ctx, ConnectTimeout: p.Upstream.ConnectTimeout, Resend: !p.Enforced()}
	out := new(http.Request).WithContext(&a.context)
	out.Method, out.URL, out.Header, out.Host = in.Method, &target, http.Header(a.header.fields), c.host(a)
	out.Proto, out.ProtoMajor, out.ProtoMinor = "HTTP/1.1", 1, 1
	if c.body != nil {
		out.ContentLength = in.ContentLength
		c.body.attach(out)
	}
	return out
}

// Run implements hedge.Caller.
func (c *call) Run(ctx context.Context, n int) hedge.Result[*http.Response] {
	a := c.attempts[n-1]
	answer, err := a.carrier.RoundTrip(c.outgoing(ctx, a))
	if err != nil {
		unsent := transport.NothingSent(err)
		if unsent {
			c.unsent.Add(1)
		}
		a.err = err
		a.ownFault = errors.Is(err, errBodyTooLarge)
		if c.body != nil && c.body.failed() != nil {
			// No other attempt could read more of it.
			a.ownFault, a.err = true, c.body.failed()
			return hedge.Result[*http.Response]{Verdict: hedge.Fatal, Err: a.err}
		}
		return hedge.Result[*http.Response]{Verdict: hedge.NonFatal, Err: err, Unsent: unsent}
	}
	return c.judge(a, answer)
}
