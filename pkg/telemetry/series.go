package telemetry

import (
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"hedged.dev/hedged/pkg/hedge"
)

// outcome is how a call ended, as the counter of calls labels it.
type outcome uint8

const (
	succeeded outcome = iota
	failed
	timedOut
	clientGone
)

func (o outcome) String() string {
	return [...]string{"succeeded", "failed", "timed_out", "client_gone"}[o]
}

// series is what is counted for one policy and upstream. Revisions of the
// policy share it, so that an edit does not set a counter back.
type series struct {
	labels []attribute.KeyValue // policy and upstream, on every metric

	calls      [clientGone + 1]atomic.Int64
	launched   [hedge.Failure + 1]atomic.Int64
	ended      [hedge.Rejected + 1]atomic.Int64
	suppressed counts[hedge.Reason]
	shadow     struct { // what the plans of mode Shadow would have done
		launched   [hedge.Failure + 1]atomic.Int64
		suppressed counts[hedge.Reason]
	}

	names  cache[spanKey, string]
	server cache[serverKey, []metric.RecordOption]
	client cache[clientKey, []metric.RecordOption]
}

func newSeries(policy, upstream string) *series {
	return &series{labels: text(text(nil, PolicyKey, policy), UpstreamKey, upstream)}
}

// spanKey is what a call's span is named after.
type spanKey struct{ method, route string }

// spanName returns the name of a call's span: `{method} {route}`, never the
// raw path.
func (s *series) spanName(k spanKey) string {
	if k.route == "" {
		return spanMethod(k.method)
	}
	return s.names.get(k, func(k spanKey) string { return spanMethod(k.method) + " " + k.route })
}

// serverKey is what the duration of a call is labelled by. Each field has few
// values: methods and schemes are known ones, routes are those of policies.
type serverKey struct {
	spanKey
	scheme, version string
	status          int
	errorType       string
}

// serverOptions returns the measurement options of a call. They are made once
// per key: building them for each call would be its largest cost.
func (s *series) serverOptions(k serverKey) []metric.RecordOption {
	return s.server.get(k, func(k serverKey) []metric.RecordOption {
		attrs := append(slices.Clone(s.labels),
			semconv.HTTPRequestMethodKey.String(k.method), semconv.URLScheme(k.scheme))
		attrs = text(attrs, semconv.HTTPRouteKey, k.route)
		attrs = text(attrs, semconv.NetworkProtocolVersionKey, k.version)
		return recordOptions(attrs, k.status, k.errorType)
	})
}

// clientKey is what the duration of an attempt is labelled by.
type clientKey struct {
	method    string
	end       hedge.End
	status    int
	errorType string
}

// clientOptions returns the measurement options of an attempt. Its end is a
// label because the duration of a lost attempt is when it was cancelled, not
// how long its answer took: whoever reads latencies leaves those out.
func (s *series) clientOptions(k clientKey) []metric.RecordOption {
	return s.client.get(k, func(k clientKey) []metric.RecordOption {
		attrs := append(slices.Clone(s.labels),
			semconv.HTTPRequestMethodKey.String(k.method), AttemptOutcomeKey.String(k.end.String()))
		return recordOptions(attrs, k.status, k.errorType)
	})
}

func recordOptions(attrs []attribute.KeyValue, status int, errorType string) []metric.RecordOption {
	if status > 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(status))
	}
	attrs = text(attrs, semconv.ErrorTypeKey, errorType)
	return []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
}

// counts are counters by a key that has few values.
type counts[K comparable] struct{ cache[K, *atomic.Int64] }

func (c *counts[K]) count(key K) {
	c.get(key, func(K) *atomic.Int64 { return new(atomic.Int64) }).Add(1)
}

// imagine counts what a plan would have done. The first attempt was real, and counts
// here as well, so that extra load can be read off.
func (s *series) imagine(e *Shadow) {
	s.shadow.launched[hedge.Initial].Add(1)
	for _, t := range e.Launched {
		s.shadow.launched[t].Add(1)
	}
	for _, u := range e.Suppressed {
		s.shadow.suppressed.count(u.Reason)
	}
}
