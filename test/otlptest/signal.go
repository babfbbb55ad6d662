package otlptest

import (
	"encoding/hex"
	"time"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
)

// Attributes are attributes by key. A value is a string, bool, int64, float64
// or []any of these.
type Attributes map[string]any

// Span is one span as it arrived. Ids are in hexadecimal; ParentID is empty
// for the root of a trace.
type Span struct {
	Name, Kind                string // Kind: SERVER, CLIENT, …
	TraceID, SpanID, ParentID string
	Status, StatusMessage     string // Status: UNSET, OK, ERROR
	Attributes, Resource      Attributes
	Events                    []string // their names
	Start, End                time.Time
}

// Metric is one point of a metric as it arrived.
type Metric struct {
	Name, Unit           string
	Value                float64 // of a histogram: the sum
	Count                uint64  // of a histogram
	Bounds               []float64
	Attributes, Resource Attributes
}

// Log is one log record as it arrived.
type Log struct {
	Body, Severity       string
	TraceID, SpanID      string
	Attributes, Resource Attributes
}

func spansOf(all []*trace.ResourceSpans) []Span {
	var spans []Span
	for _, rs := range all {
		resource := attributesOf(rs.GetResource().GetAttributes())
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				span := Span{
					Name: s.GetName(), Kind: cut(s.GetKind().String(), "SPAN_KIND_"),
					TraceID: hex.EncodeToString(s.GetTraceId()), SpanID: hex.EncodeToString(s.GetSpanId()),
					ParentID:      hex.EncodeToString(s.GetParentSpanId()),
					Status:        cut(s.GetStatus().GetCode().String(), "STATUS_CODE_"),
					StatusMessage: s.GetStatus().GetMessage(),
					Attributes:    attributesOf(s.GetAttributes()), Resource: resource,
					Start: instant(s.GetStartTimeUnixNano()), End: instant(s.GetEndTimeUnixNano()),
				}
				for _, e := range s.GetEvents() {
					span.Events = append(span.Events, e.GetName())
				}
				spans = append(spans, span)
			}
		}
	}
	return spans
}

func metricsOf(all []*metrics.ResourceMetrics) []Metric {
	var points []Metric
	for _, rm := range all {
		resource := attributesOf(rm.GetResource().GetAttributes())
		for _, sm := range rm.GetScopeMetrics() {
			for _, m := range sm.GetMetrics() {
				numbers := append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...)
				for _, n := range numbers {
					points = append(points, Metric{
						Name: m.GetName(), Unit: m.GetUnit(), Value: n.GetAsDouble() + float64(n.GetAsInt()),
						Attributes: attributesOf(n.GetAttributes()), Resource: resource,
					})
				}
				for _, h := range m.GetHistogram().GetDataPoints() {
					points = append(points, Metric{
						Name: m.GetName(), Unit: m.GetUnit(), Value: h.GetSum(), Count: h.GetCount(), Bounds: h.GetExplicitBounds(),
						Attributes: attributesOf(h.GetAttributes()), Resource: resource,
					})
				}
			}
		}
	}
	return points
}

func logsOf(all []*logs.ResourceLogs) []Log {
	var records []Log
	for _, rl := range all {
		resource := attributesOf(rl.GetResource().GetAttributes())
		for _, sl := range rl.GetScopeLogs() {
			for _, l := range sl.GetLogRecords() {
				records = append(records, Log{
					Body: l.GetBody().GetStringValue(), Severity: l.GetSeverityText(),
					TraceID: hex.EncodeToString(l.GetTraceId()), SpanID: hex.EncodeToString(l.GetSpanId()),
					Attributes: attributesOf(l.GetAttributes()), Resource: resource,
				})
			}
		}
	}
	return records
}

func attributesOf(all []*common.KeyValue) Attributes {
	attrs := Attributes{}
	for _, kv := range all {
		attrs[kv.GetKey()] = valueOf(kv.GetValue())
	}
	return attrs
}

func valueOf(v *common.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	case *common.AnyValue_ArrayValue:
		values := make([]any, len(v.ArrayValue.GetValues()))
		for i, element := range v.ArrayValue.GetValues() {
			values[i] = valueOf(element)
		}
		return values
	}
	return nil
}

// cut returns the word of an enumeration without what all of them begin with.
func cut(word, prefix string) string { return word[len(prefix):] }

func instant(unixNano uint64) time.Time { return time.Unix(0, int64(unixNano)) }
