package demo

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"hedged.dev/hedged/pkg/telemetry"
)

// The attributes of OpenTelemetry's conventions that the demo reads; hedged's
// own are telemetry's.
const (
	peerKey   = semconv.NetworkPeerAddressKey
	portKey   = semconv.NetworkPeerPortKey
	statusKey = semconv.HTTPResponseStatusCodeKey
	errorKey  = semconv.ErrorTypeKey
)

// maxOpenTrails bounds the calls whose spans have not all ended yet. The
// oldest gives way: a call that waits longer than so many others is not the
// one to show.
const maxOpenTrails = 4096

// trail is the spans of one call.
type trail struct {
	call     sdktrace.ReadOnlySpan   // nil until it has ended
	attempts []sdktrace.ReadOnlySpan // those that have ended
}

// complete reports whether every span of the call has ended.
func (t *trail) complete() bool {
	return t.call != nil && len(t.attempts) == int(attributeOf(t.call, telemetry.AttemptsKey).AsInt64())
}

// tale says how much of hedging a call shows: best a hedge that won, with an
// attempt that failed and one that lost beside it.
func (t *trail) tale() int {
	worth := make(map[string]int)
	for _, a := range t.attempts {
		outcome := attributeOf(a, telemetry.AttemptOutcomeKey).AsString()
		switch {
		case outcome == "won" && attributeOf(a, telemetry.AttemptTriggerKey).AsString() == "stagger":
			worth[outcome] = 3
		case outcome == "won" && attributeOf(a, telemetry.AttemptNumberKey).AsInt64() > 1, outcome == "failed":
			worth[outcome] = 2
		case outcome == "lost":
			worth[outcome] = 1
		}
	}
	return worth["won"] + worth["failed"] + worth["lost"]
}

// trailKeeper is a span processor that keeps the most telling call of the
// champion's policy.
type trailKeeper struct {
	mu    sync.Mutex
	open  map[trace.TraceID]*trail
	order []trace.TraceID // of open, oldest first; what is complete is still in it
	best  *trail
}

func newTrailKeeper() *trailKeeper {
	return &trailKeeper{open: make(map[trace.TraceID]*trail)}
}

// OnStart does nothing: only what has ended is looked at.
func (*trailKeeper) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd takes the span of a call or of an attempt.
func (k *trailKeeper) OnEnd(span sdktrace.ReadOnlySpan) {
	if !strings.HasSuffix(attributeOf(span, telemetry.PolicyKey).AsString(), "/"+champion) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	id := span.SpanContext().TraceID()
	t, ok := k.open[id]
	if !ok {
		k.evict()
		t = &trail{}
		k.open[id], k.order = t, append(k.order, id)
	}
	if span.SpanKind() == trace.SpanKindServer {
		t.call = span
	} else {
		t.attempts = append(t.attempts, span)
	}
	if !t.complete() {
		return
	}
	delete(k.open, id)
	if k.best == nil || t.tale() > k.best.tale() {
		slices.SortFunc(t.attempts, func(a, b sdktrace.ReadOnlySpan) int {
			return cmp.Compare(attributeOf(a, telemetry.AttemptNumberKey).AsInt64(), attributeOf(b, telemetry.AttemptNumberKey).AsInt64())
		})
		k.best = t
	}
}

// evict makes room for one more. The lock is held.
func (k *trailKeeper) evict() {
	if len(k.order) < maxOpenTrails {
		return
	}
	delete(k.open, k.order[0])
	k.order = k.order[1:]
}

// Shutdown does nothing.
func (*trailKeeper) Shutdown(context.Context) error { return nil }

// ForceFlush does nothing.
func (*trailKeeper) ForceFlush(context.Context) error { return nil }

// kept returns the most telling call so far, nil if none has ended.
func (k *trailKeeper) kept() *trail {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.best
}

// attributeOf returns a span's attribute, the empty value if it has none.
func attributeOf(span sdktrace.ReadOnlySpan, key attribute.Key) attribute.Value {
	for _, a := range span.Attributes() {
		if a.Key == key {
			return a.Value
		}
	}
	return attribute.Value{}
}
