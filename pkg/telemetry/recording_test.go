package telemetry_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"hedged.dev/hedged/pkg/telemetry"
)

// span is what a test looks at of a span that has ended.
type span struct {
	name, kind, id, parent string
	status, message        string
	events                 int
	attrs                  map[attribute.Key]attribute.Value
}

func (s span) text(key attribute.Key) string { return s.attrs[key].AsString() }

// recording makes telemetry whose spans stay in the process, and a function
// that returns those that have ended.
func recording(t testing.TB, e env) (*telemetry.Telemetry, func() []span) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	tel := setup(t, telemetry.Options{Processors: []sdktrace.SpanProcessor{recorder}}, e)
	return tel, func() []span {
		var spans []span
		for _, s := range recorder.Ended() {
			attrs := map[attribute.Key]attribute.Value{}
			for _, kv := range s.Attributes() {
				attrs[kv.Key] = kv.Value
			}
			spans = append(spans, span{
				name: s.Name(), kind: s.SpanKind().String(),
				id: s.SpanContext().SpanID().String(), parent: s.Parent().SpanID().String(),
				status: s.Status().Code.String(), message: s.Status().Description, events: len(s.Events()), attrs: attrs,
			})
		}
		return spans
	}
}

// discard is an exporter to nowhere.
type discard struct{}

func (discard) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error { return nil }
func (discard) Shutdown(context.Context) error                             { return nil }
