package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"hedged.dev/hedged/pkg/hedge"
)

// AttemptStart is what is known of an attempt when it is launched.
type AttemptStart struct {
	Number   int // from 1
	Trigger  hedge.Trigger
	Method   string
	URL      string    // absolute; user information and signatures are left out of the span
	Endpoint string    // address and port that the attempt goes to
	Upstream string    // what it goes to by name; empty is the Recorder's upstream
	Start    time.Time // zero is now
}

// Attempt is the record of one attempt. It is a value: of a call that is not
// sampled it costs no allocation.
type Attempt struct {
	call   *Call
	ctx    context.Context // carries the span that is injected
	span   trace.Span      // nil if the call is not sampled
	method string
	target string    // the upstream's name
	start  time.Time // zero if neither the call is sampled nor speaks gRPC
}

// Attempt counts the launch of an attempt and, if the call is sampled, starts
// its CLIENT span beneath the call's.
func (c *Call) Attempt(s AttemptStart) Attempt {
	c.recorder.series.launched[s.Trigger].Add(1)
	if s.Upstream == "" {
		s.Upstream = c.recorder.upstream
	}
	a := Attempt{call: c, ctx: c.ctx, method: knownMethod(s.Method), target: s.Upstream, start: s.Start}
	if a.start.IsZero() && (c.sampled || c.rpc != nil) {
		a.start = time.Now()
	}
	if !c.sampled {
		return a
	}
	a.ctx, a.span = c.recorder.telemetry.tracer.Start(c.ctx, c.attemptName(a.method),
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithTimestamp(a.start),
		trace.WithAttributes(c.attemptAttributes(s)...))
	return a
}

// Inject writes the trace into the headers of the attempt: the attempt's span
// when it has one, else the call's, so that a trace is handed on also when it
// is not sampled.
func (a Attempt) Inject(out propagation.TextMapCarrier) {
	a.call.recorder.telemetry.pipelines.propagator.Inject(a.ctx, out)
}

// AttemptEnd is what became of an attempt.
type AttemptEnd struct {
	End      hedge.End
	Verdict  hedge.Verdict // of a failed attempt
	Status   int           // of its answer; 0 if there was none
	Err      error         // why there was no answer, or why it broke off
	Launched time.Time     // zero: when its record began, which is a little before
	Elapsed  time.Duration // from launch to its end
	Deadline bool          // with TimedOut: the call's deadline rather than the attempt timeout

	// RPCStatus is the name of the gRPC status of its answer, of a gRPC call. ""
	// is none; of an attempt that won, that it comes with Answered.
	RPCStatus string
}

// End ends the record; it is to be called once, for every attempt. A lost
// attempt is no error: its span ends with its status unset.
func (a Attempt) End(e AttemptEnd) {
	s := a.call.recorder.series
	s.ended[e.End].Add(1)
	key := clientKey{method: a.method, end: e.End, status: e.Status, errorType: e.errorType()}
	if e.End != hedge.Rejected { // nothing was sent, so nothing took time
		a.call.recorder.telemetry.client.Record(a.ctx, e.Elapsed.Seconds(), s.clientOptions(key)...)
		a.recordRPC(e.Elapsed, e.rpcStatus())
	}
	if a.span == nil {
		return
	}
	a.span.SetAttributes(a.call.rpcStatusAttribute(e.attributes(key.errorType), e.rpcStatus())...)
	if key.errorType != "" {
		a.span.SetStatus(codes.Error, e.description())
	}
	launched := e.Launched
	if launched.IsZero() {
		launched = a.start
	}
	a.span.End(trace.WithTimestamp(launched.Add(e.Elapsed)))
}

// Answered tells the gRPC status of an attempt that had won without one: it
// comes after the answer's body. The attempt's span has ended by then.
func (a Attempt) Answered(rpcStatus string) {
	a.recordRPC(time.Since(a.start), rpcStatus)
}

// recordRPC records how long an attempt of a gRPC call took, once its status is
// known.
func (a Attempt) recordRPC(took time.Duration, status string) {
	if m := a.call.rpc; m != nil && status != "" {
		a.call.recorder.telemetry.rpcAttempt.Record(a.ctx, took.Seconds(), m.recordOptions(rpcKey{a.target, status})...)
	}
}

func (c *Call) attemptAttributes(s AttemptStart) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 14)
	attrs = append(attrs, c.recorder.attrs...)
	attrs = append(attrs, AttemptNumberKey.Int(s.Number), AttemptTriggerKey.String(s.Trigger.String()))
	attrs = methodAttributes(attrs, s.Method)
	attrs = c.rpcAttributes(attrs)
	attrs = text(attrs, semconv.URLFullKey, redact(s.URL))
	attrs = text(attrs, semconv.ServerAddressKey, s.Upstream)
	attrs = hostPort(attrs, s.Endpoint, semconv.NetworkPeerAddressKey, semconv.NetworkPeerPortKey)
	if s.Number > 1 {
		attrs = append(attrs, semconv.HTTPRequestResendCount(s.Number-1))
	}
	return attrs
}

func (e *AttemptEnd) attributes(errorType string) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 5)
	attrs = append(attrs, AttemptOutcomeKey.String(e.End.String()))
	if e.End == hedge.Failed {
		attrs = append(attrs, AttemptVerdictKey.String(e.Verdict.String()))
	}
	if e.Status > 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(e.Status))
	}
	return text(attrs, semconv.ErrorTypeKey, errorType)
}

// description returns what the span's status says beside error.type: nothing
// when a status code says it all.
func (e *AttemptEnd) description() string {
	switch {
	case e.End == hedge.TimedOut && e.Deadline:
		return "the call's deadline"
	case e.End == hedge.TimedOut:
		return "the attempt timeout"
	case e.Err != nil:
		return e.Err.Error()
	}
	return ""
}
