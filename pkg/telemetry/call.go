package telemetry

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"hedged.dev/hedged/pkg/hedge"
)

// ErrorTimeout is the error type of a call or an attempt that our own clock
// ended.
const ErrorTimeout = "timeout"

// Call is the record of one call.
type Call struct {
	recorder *Recorder
	ctx      context.Context // carries the call's span to its attempts
	span     trace.Span
	sampled  bool
	start    time.Time
	key      serverKey // the fields known from the start
	rpc      *rpc      // nil if the call does not speak gRPC
	rpcName  string    // its method as the client wrote it
}

// Context returns the context that the call is carried out under: the one
// given to Recorder.Call with the call's span in it.
func (c *Call) Context() context.Context { return c.ctx }

// Sampled reports whether the call's spans are recorded: what only they need
// is not worth building otherwise.
func (c *Call) Sampled() bool { return c.sampled }

// CallEnd is what became of a call.
type CallEnd struct {
	Status     int // what the client was sent; 0 if nothing was
	Attempts   int // how many were launched
	Winner     int // the number of the attempt that won; 0 if none did
	Suppressed []hedge.Suppression
	Plan       Plan
	Shadow     *Shadow // of a call that was not hedged although its plan was made; nil otherwise
	ErrorType  string  // a short word for an error of our own, such as ErrorTimeout; "" if there is none
	Failed     bool    // no attempt's result was accepted
	ClientGone bool    // the client went away before its answer was there
	RPCStatus  string  // of a gRPC call: the name of its status
}

// Plan is what a call's plan was, in words.
type Plan struct {
	FanOut int    // attempts that it allowed; 0: there was none
	State  string // what the upstream's state was taken for; "" if the plan is not adaptive
	Rule   string // what decided on it
	Reason string
}

// Shadow is what a plan would have done to a call of which one attempt was sent.
type Shadow struct {
	Launched   []hedge.Trigger // of the attempts after the first
	Suppressed []hedge.Suppression
}

// End ends the record. Attempts of the call may end after it.
func (c *Call) End(e CallEnd) {
	s := c.recorder.series
	s.calls[e.outcome()].Add(1)
	for _, u := range e.Suppressed {
		s.suppressed.count(u.Reason)
	}
	if e.Shadow != nil {
		s.imagine(e.Shadow)
	}
	key := c.key
	key.status, key.errorType = e.Status, e.errorType()
	c.recorder.telemetry.server.Record(c.ctx, time.Since(c.start).Seconds(), s.serverOptions(key)...)
	if !c.sampled {
		return
	}
	c.span.SetAttributes(c.endAttributes(e, key.errorType)...)
	if key.errorType != "" {
		c.span.SetStatus(codes.Error, "")
	}
	c.span.End()
}

func (e *CallEnd) outcome() outcome {
	switch {
	case e.ClientGone:
		return clientGone
	case e.Failed && e.ErrorType == ErrorTimeout:
		return timedOut
	case e.Failed:
		return failed
	}
	return succeeded
}

// errorType returns the call's error.type, or "" if it is none: as the
// conventions have it for servers, an answer from 500 on is an error and one
// from 400 on is the client's own, also when it is we who gave it. A client
// that went away is none of ours.
func (e *CallEnd) errorType() string {
	switch {
	case e.ClientGone, e.Status >= 400 && e.Status < 500:
		return ""
	case e.ErrorType != "":
		return e.ErrorType
	case e.Status >= 500:
		return strconv.Itoa(e.Status)
	}
	return ""
}

func (c *Call) startAttributes(s CallStart) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 18)
	attrs = append(attrs, c.recorder.attrs...)
	attrs = methodAttributes(attrs, s.Method)
	attrs = c.rpcAttributes(attrs)
	attrs = append(attrs, semconv.URLScheme(c.key.scheme))
	attrs = text(attrs, semconv.URLPathKey, s.Path)
	attrs = text(attrs, semconv.HTTPRouteKey, s.Route)
	attrs = text(attrs, semconv.NetworkProtocolVersionKey, c.key.version)
	attrs = text(attrs, semconv.UserAgentOriginalKey, s.UserAgent)
	attrs = hostPort(attrs, s.Host, semconv.ServerAddressKey, semconv.ServerPortKey)
	attrs = hostPort(attrs, s.Peer, semconv.ClientAddressKey, semconv.ClientPortKey)
	return hostPort(attrs, s.Peer, semconv.NetworkPeerAddressKey, semconv.NetworkPeerPortKey)
}

func (c *Call) endAttributes(e CallEnd, errorType string) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 12)
	attrs = append(attrs, AttemptsKey.Int(e.Attempts))
	if e.Winner > 0 {
		attrs = append(attrs, WinnerKey.Int(e.Winner))
	}
	if len(e.Suppressed) > 0 {
		attrs = append(attrs, SuppressedKey.StringSlice(suppressions(e.Suppressed)))
	}
	if e.Shadow != nil {
		attrs = append(attrs, ShadowAttemptsKey.Int(1+len(e.Shadow.Launched)))
		if len(e.Shadow.Suppressed) > 0 {
			attrs = append(attrs, ShadowSuppressedKey.StringSlice(suppressions(e.Shadow.Suppressed)))
		}
	}
	attrs = e.Plan.attributes(attrs)
	if e.Status > 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(e.Status))
	}
	attrs = c.rpcStatusAttribute(attrs, e.RPCStatus)
	return text(attrs, semconv.ErrorTypeKey, errorType)
}

func (p *Plan) attributes(attrs []attribute.KeyValue) []attribute.KeyValue {
	if p.FanOut > 0 {
		attrs = append(attrs, PlanFanOutKey.Int(p.FanOut))
	}
	attrs = text(attrs, PlanStateKey, p.State)
	attrs = text(attrs, PlanRuleKey, p.Rule)
	return text(attrs, PlanReasonKey, p.Reason)
}

// suppressions writes each as number:trigger:reason.
func suppressions(all []hedge.Suppression) []string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = fmt.Sprintf("%d:%s:%s", s.Number, s.Trigger, s.Reason)
	}
	return words
}
