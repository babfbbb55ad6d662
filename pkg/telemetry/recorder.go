package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
)

// Recorder records the calls of one policy. It is made when a table of
// policies is published and then shared by all calls.
type Recorder struct {
	telemetry *Telemetry
	series    *series
	upstream  string
	attrs     []attribute.KeyValue // policy and revision, on every span
}

// seriesKey identifies what is counted together.
type seriesKey struct{ policy, upstream string }

// Recorder returns the recorder of a policy's revision. Recorders of the same
// policy and upstream count on the same counters; the revision is on spans
// only. Calls that match no policy are recorded with three empty strings.
func (t *Telemetry) Recorder(policy, revision, upstream string) *Recorder {
	key := seriesKey{policy, upstream}
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.series[key]
	if !ok {
		s = newSeries(policy, upstream)
		t.series[key] = s
	}
	attrs := text(text(nil, PolicyKey, policy), RevisionKey, revision)
	return &Recorder{telemetry: t, series: s, upstream: upstream, attrs: attrs}
}

// allSeries returns the series that exist now.
func (t *Telemetry) allSeries() []*series {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*series, 0, len(t.series))
	for _, s := range t.series {
		all = append(all, s)
	}
	return all
}

// CallStart is what is known of a call when it arrives.
type CallStart struct {
	Method    string
	Route     string // the match's path value; "" if it has none
	Scheme    string // http or https
	Host      string // as the client wrote it, the port included
	Path      string // without the query
	Proto     string // HTTP/1.1 and the like
	Peer      string // the client's address and port
	UserAgent string
	RPC       string    // of a gRPC call, its method: pkg.Service/Method; "" of any other
	Start     time.Time // what the duration counts from; zero is now
}

// Call starts the record of a call: it takes up the trace that the client
// sent in its headers, if any, and starts the SERVER span. in may be nil.
func (r *Recorder) Call(ctx context.Context, in propagation.TextMapCarrier, s CallStart) *Call {
	if in != nil {
		ctx = r.telemetry.pipelines.propagator.Extract(ctx, in)
	}
	c := &Call{recorder: r, start: s.Start, rpc: r.telemetry.rpcs.get(s.RPC), rpcName: s.RPC, key: serverKey{
		spanKey: spanKey{knownMethod(s.Method), s.Route},
		scheme:  knownScheme(s.Scheme),
		version: protocolVersion(s.Proto),
	}}
	if c.start.IsZero() {
		c.start = time.Now()
	}
	// The span starts by its own clock, a moment after s.Start: an option to
	// tell it the time would be an allocation for each call that is not
	// sampled.
	c.ctx, c.span = r.telemetry.tracer.Start(ctx, r.series.spanName(c.key.spanKey), r.telemetry.serverSpan...)
	c.sampled = c.span.IsRecording()
	if c.sampled {
		c.span.SetAttributes(c.startAttributes(s)...)
	}
	return c
}
