package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"
)

// scope names the code that the spans and metrics come from.
const scope = "hedged.dev/hedged/pkg/telemetry"

// Options say how the process names itself and what it writes. The OTEL_*
// variables say the rest.
type Options struct {
	Service  string // service.name; OTEL_SERVICE_NAME is stronger
	Version  string // service.version
	Instance string // service.instance.id; empty leaves it out

	LogWriter io.Writer // nil is the standard error
	LogLevel  slog.Level
	LogFormat string // json or text; empty is json

	// SampleRatio is the share of traces begun here that are recorded, 0 to 1;
	// what a caller decided is kept. Nil leaves it to OTEL_TRACES_SAMPLER,
	// whose default is parentbased_always_on.
	SampleRatio *float64
	// Processors get every recorded span besides the exporter. With one, spans
	// are made also when nothing is exported.
	Processors []sdktrace.SpanProcessor
}

// Telemetry is what the process tells about itself. Setup makes it.
type Telemetry struct {
	// Log writes lines that carry the ids of the trace in their context.
	Log *slog.Logger

	pipelines pipelines
	metrics   http.Handler

	tracer         trace.Tracer
	serverSpan     []trace.SpanStartOption // made once: an option is an allocation
	meter          metric.Meter
	server, client metric.Float64Histogram
	rpcAttempt     metric.Float64Histogram
	rpcs           *rpcs

	mu     sync.Mutex // guards series
	series map[seriesKey]*series
}

// Setup makes the telemetry of a process. What it starts is stopped by
// Shutdown. Exporters connect in the background: a collector that is away is
// no error here.
func Setup(ctx context.Context, o Options) (*Telemetry, error) {
	handler, err := newLogHandler(o)
	if err != nil {
		return nil, err
	}
	// OpenTelemetry tells what it cannot send to one handler of the process. It goes to
	// the log as it is written here: sending it too would fail in its turn.
	plain := slog.New(handler)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { plain.Warn("telemetry is not sent", "error", err) }))
	metrics, reader, err := newEndpoint(plain)
	if err != nil {
		return nil, fmt.Errorf("metrics endpoint: %w", err)
	}
	p, err := newPipelines(ctx, o, reader)
	if err != nil {
		return nil, errors.Join(err, p.shutdown(ctx))
	}
	t := &Telemetry{
		Log:        slog.New(p.bridge(handler, o.LogLevel)),
		pipelines:  p,
		metrics:    metrics,
		tracer:     p.traces.Tracer(scope, trace.WithInstrumentationVersion(o.Version), trace.WithSchemaURL(semconv.SchemaURL)),
		serverSpan: []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)},
		meter:      p.meters.Meter(scope, metric.WithInstrumentationVersion(o.Version), metric.WithSchemaURL(semconv.SchemaURL)),
		rpcs:       newRPCs(),
		series:     map[seriesKey]*series{},
	}
	if err := t.registerInstruments(); err != nil {
		return nil, errors.Join(fmt.Errorf("metrics: %w", err), p.shutdown(ctx))
	}
	return t, nil
}

// Shutdown sends what is not sent yet, ends everything that Setup started and
// returns when that is done or ctx is. It is to be called once; nothing is
// recorded after it.
func (t *Telemetry) Shutdown(ctx context.Context) error { return t.pipelines.shutdown(ctx) }

// MetricsHandler serves the metrics in the formats that Prometheus reads.
func (t *Telemetry) MetricsHandler() http.Handler { return t.metrics }

// Meter returns the meter that hedged's metrics are made by.
func (t *Telemetry) Meter() metric.Meter { return t.meter }

// Propagator returns what traces are read from and written to headers by, as
// OTEL_PROPAGATORS says.
func (t *Telemetry) Propagator() propagation.TextMapPropagator { return t.pipelines.propagator }

func (t *Telemetry) registerInstruments() error {
	// The buckets that the conventions advise, in seconds.
	buckets := metric.WithExplicitBucketBoundaries(
		0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
	server, serverErr := httpconv.NewServerRequestDuration(t.meter, buckets)
	client, clientErr := httpconv.NewClientRequestDuration(t.meter, buckets)
	t.server, t.client = server.Inst(), client.Inst()
	var rpcErr error
	t.rpcAttempt, rpcErr = t.meter.Float64Histogram("grpc.client.attempt.duration", metric.WithUnit("s"),
		metric.WithDescription("Time that attempts of gRPC calls took until their status was known."),
		metric.WithExplicitBucketBoundaries(rpcBuckets...))
	return errors.Join(serverErr, clientErr, rpcErr, t.registerCounters())
}
