package telemetry_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/test/otlptest"
)

// ids are the trace and span that a line should carry, and no more.
func ids(tel *telemetry.Telemetry, t *testing.T) (c *telemetry.Call, traceID, spanID string) {
	t.Helper()
	c = tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: "GET"})
	sc := trace.SpanContextFromContext(c.Context())
	return c, sc.TraceID().String(), sc.SpanID().String()
}

func TestLinesCarryTheTrace(t *testing.T) {
	log := &buffer{}
	tel := setup(t, telemetry.Options{
		LogWriter: log, Processors: []sdktrace.SpanProcessor{sdktrace.NewSimpleSpanProcessor(discard{})},
	}, nil)
	c, traceID, spanID := ids(tel, t)
	ctx := c.Context()

	f := func(write func(), want map[string]any) {
		t.Helper()
		before := len(log.lines(t))
		write()
		lines := log.lines(t)
		if len(lines) != before+1 {
			t.Fatalf("%d lines, want one more than %d", len(lines), before)
		}
		got := lines[before]
		delete(got, "time")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	l := tel.Log
	f(func() { l.Info("no call", "k", 1) }, map[string]any{"level": "INFO", "msg": "no call", "k": 1.0})
	f(func() { l.WarnContext(ctx, "of a call", "k", "v") },
		map[string]any{"level": "WARN", "msg": "of a call", "k": "v", "trace_id": traceID, "span_id": spanID})
	f(func() { l.With("a", "b").InfoContext(ctx, "with", "k", "v") },
		map[string]any{"level": "INFO", "msg": "with", "a": "b", "k": "v", "trace_id": traceID, "span_id": spanID})
	f(func() { l.With("a", "b").WithGroup("g").With("c", "d").InfoContext(ctx, "grouped", "k", "v") },
		map[string]any{
			"level": "INFO", "msg": "grouped", "a": "b", "g": map[string]any{"c": "d", "k": "v"},
			"trace_id": traceID, "span_id": spanID,
		})
	f(func() { l.WithGroup("g").Info("grouped, no call", "k", "v") },
		map[string]any{"level": "INFO", "msg": "grouped, no call", "g": map[string]any{"k": "v"}})

	// Two loggers that come of one do not share what they add.
	parent := l.With("a", 1).With("b", 2).With("c", 3)
	first, second := parent.WithGroup("first"), parent.WithGroup("second")
	for group, logger := range map[string]*slog.Logger{"first": first, "second": second} {
		f(func() { logger.InfoContext(ctx, "sibling", "k", "v") }, map[string]any{
			"level": "INFO", "msg": "sibling", "a": 1.0, "b": 2.0, "c": 3.0, group: map[string]any{"k": "v"},
			"trace_id": traceID, "span_id": spanID,
		})
	}
	c.End(telemetry.CallEnd{})
}

func TestLogLevelAndFormat(t *testing.T) {
	log := &buffer{}
	tel := setup(t, telemetry.Options{LogWriter: log, LogFormat: "text", LogLevel: slog.LevelWarn}, nil)
	tel.Log.Info("below")
	tel.Log.Warn("above", "k", "a b")
	if got := log.String(); strings.Contains(got, "below") || !strings.Contains(got, `level=WARN msg=above k="a b"`) {
		t.Errorf("logged %q", got)
	}
}

// Logs that are bridged carry the trace of their context, and the level holds
// for them too.
func TestLogsAreBridged(t *testing.T) {
	r := otlptest.Start(t)
	log := &buffer{}
	tel := setup(t, telemetry.Options{Service: "hedged", LogWriter: log, LogLevel: slog.LevelInfo}, env{
		"OTEL_EXPORTER_OTLP_ENDPOINT": r.HTTP, "OTEL_LOGS_EXPORTER": "otlp",
	})
	c, traceID, spanID := ids(tel, t)
	tel.Log.Debug("below")
	tel.Log.With("a", "b").WithGroup("g").InfoContext(c.Context(), "of a call", "k", "v")
	c.End(telemetry.CallEnd{})
	shutdown(t, tel)

	logs := r.Logs()
	if len(logs) != 1 || len(log.lines(t)) != 1 {
		t.Fatalf("%d records, %d lines, want 1 of each", len(logs), len(log.lines(t)))
	}
	got := logs[0]
	if got.Body != "of a call" || got.Severity != "INFO" || got.TraceID != traceID || got.SpanID != spanID ||
		got.Attributes["a"] != "b" || got.Resource["service.name"] != "hedged" {
		t.Errorf("record %+v", got)
	}
}
