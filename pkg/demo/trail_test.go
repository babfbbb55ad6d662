package demo

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"hedged.dev/hedged/pkg/telemetry"
)

// spans are made as the daemon makes them: attempts by their number, trigger,
// outcome, times in milliseconds, and what else there is.
type spanMaker struct {
	trace uint64
	begin time.Time
}

func (m spanMaker) span(kind trace.SpanKind, policy string, from, to float64, attrs ...attribute.KeyValue) tracetest.SpanStub {
	var id trace.TraceID
	binary.BigEndian.PutUint64(id[8:], m.trace)
	at := func(ms float64) time.Time { return m.begin.Add(time.Duration(ms * float64(time.Millisecond))) }
	return tracetest.SpanStub{
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}}),
		SpanKind:    kind,
		StartTime:   at(from),
		EndTime:     at(to),
		Attributes:  append(attrs, telemetry.PolicyKey.String(policy)),
	}
}

func (m spanMaker) attempt(number int, trigger, outcome string, from, to float64, attrs ...attribute.KeyValue) tracetest.SpanStub {
	return m.span(trace.SpanKindClient, "default/"+champion, from, to, append(attrs,
		telemetry.AttemptNumberKey.Int(number), telemetry.AttemptTriggerKey.String(trigger), telemetry.AttemptOutcomeKey.String(outcome),
		peerKey.String("127.0.0.1"), portKey.Int(8000+number))...)
}

func (m spanMaker) call(attempts int, to float64) tracetest.SpanStub {
	return m.span(trace.SpanKindServer, "default/"+champion, 0, to, telemetry.AttemptsKey.Int(attempts), statusKey.Int(200))
}

func (k *trailKeeper) take(spans ...tracetest.SpanStub) {
	for _, s := range spans {
		k.OnEnd(s.Snapshot())
	}
}

func TestWaterfall(t *testing.T) {
	m := spanMaker{trace: 0xfeed, begin: time.Unix(0, 0)}
	k := newTrailKeeper()
	k.take(
		m.attempt(2, "stagger", "failed", 18.5, 21, errorKey.String("connection_reset")),
		m.attempt(3, "failure", "won", 21.1, 30.5, statusKey.Int(200)),
		m.call(3, 31),
		m.attempt(1, "initial", "lost", 0.2, 31.4), // ends after the answer
	)
	var out bytes.Buffer
	names := map[string]string{"127.0.0.1:8001": "replica-2", "127.0.0.1:8002": "replica-1"}
	if err := writeWaterfall(&out, k.kept(), names); err != nil {
		t.Fatal(err)
	}
	golden(t, "waterfall.txt", out.Bytes())
}

func TestTrailKeeperKeepsTheMostTelling(t *testing.T) {
	k := newTrailKeeper()
	plain, hedged, better := spanMaker{trace: 1}, spanMaker{trace: 2}, spanMaker{trace: 3}
	f := func(want uint64) {
		t.Helper()
		var got uint64
		if kept := k.kept(); kept != nil {
			id := kept.call.SpanContext().TraceID()
			got = binary.BigEndian.Uint64(id[8:])
		}
		if got != want {
			t.Errorf("kept the call of trace %d, want %d", got, want)
		}
	}
	f(0)
	k.take(plain.attempt(1, "initial", "won", 0, 5))
	f(0) // not complete
	k.take(plain.call(1, 5))
	f(1)
	k.take(hedged.attempt(2, "stagger", "won", 5, 9), hedged.call(2, 9), hedged.attempt(1, "initial", "lost", 0, 9))
	f(2)
	k.take(better.attempt(1, "initial", "lost", 0, 9), better.attempt(2, "stagger", "failed", 4, 5),
		better.attempt(3, "failure", "won", 5, 9), better.call(3, 9))
	f(3)
	k.take(plain.call(1, 5), plain.attempt(1, "initial", "won", 0, 5))
	f(3)
	if len(k.open) != 0 {
		t.Errorf("%d calls are still open", len(k.open))
	}
}

func TestTrailKeeperIgnoresOtherPolicies(t *testing.T) {
	k := newTrailKeeper()
	m := spanMaker{trace: 1}
	k.take(m.span(trace.SpanKindServer, "default/none", 0, 5, telemetry.AttemptsKey.Int(0)))
	if k.kept() != nil || len(k.open) != 0 {
		t.Error("kept a call of another policy")
	}
}

func TestTrailKeeperIsBounded(t *testing.T) {
	k := newTrailKeeper()
	for i := range uint64(3 * maxOpenTrails) {
		m := spanMaker{trace: i + 1}
		k.take(m.attempt(1, "initial", "won", 0, 5)) // whose call never ends
	}
	if len(k.open) != maxOpenTrails || len(k.order) != maxOpenTrails {
		t.Errorf("holds %d calls in an order of %d, want %d", len(k.open), len(k.order), maxOpenTrails)
	}
	for i := range uint64(3 * maxOpenTrails) {
		m := spanMaker{trace: 1<<40 + i}
		k.take(m.attempt(1, "initial", "won", 0, 5), m.call(1, 5))
	}
	if len(k.order) > maxOpenTrails {
		t.Errorf("remembers the order of %d calls", len(k.order))
	}
}
