package telemetry

import (
	"context"
	"fmt"
	"os"
	"slices"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// newResource describes the process. OTEL_SERVICE_NAME and
// OTEL_RESOURCE_ATTRIBUTES come last and so are stronger than the options.
func newResource(ctx context.Context, o Options) *resource.Resource {
	var attrs []attribute.KeyValue
	attrs = text(attrs, semconv.ServiceNameKey, o.Service)
	attrs = text(attrs, semconv.ServiceVersionKey, o.Version)
	attrs = text(attrs, semconv.ServiceInstanceIDKey, o.Instance)
	// A part of the variable that cannot be read is left out: it is no reason
	// not to serve, and the SDK tells of it when it reads the same variable.
	res, _ := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(attrs...), resource.WithFromEnv())
	return res
}

// anySet reports whether one of the variables is set and not empty.
func anySet(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return os.Getenv(name) != "" })
}

// addTraces makes the tracer provider if anything takes spans. The exporter is
// asked for only when a variable names one or an endpoint: its own default
// would call localhost for ever.
func (p *pipelines) addTraces(ctx context.Context, o Options, res *resource.Resource) error {
	processors := slices.Clone(o.Processors)
	if anySet("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
		exporter, err := autoexport.NewSpanExporter(ctx)
		if err != nil {
			return fmt.Errorf("traces (OTEL_TRACES_EXPORTER=%q): %w", os.Getenv("OTEL_TRACES_EXPORTER"), err)
		}
		if !autoexport.IsNoneSpanExporter(exporter) {
			processors = append(processors, sdktrace.NewBatchSpanProcessor(exporter))
		}
	}
	if len(processors) == 0 {
		return nil
	}
	options := []sdktrace.TracerProviderOption{sdktrace.WithResource(res)}
	for _, s := range processors {
		options = append(options, sdktrace.WithSpanProcessor(s))
	}
	if o.SampleRatio != nil {
		options = append(options, sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(*o.SampleRatio))))
	}
	traces := sdktrace.NewTracerProvider(options...)
	p.traces = traces
	p.stopAtEnd("traces", traces)
	return nil
}

// addMeters makes the meter provider: always read by the endpoint, and pushed
// too when an exporter other than Prometheus's, which the endpoint is, is
// asked for.
func (p *pipelines) addMeters(ctx context.Context, res *resource.Resource, endpoint sdkmetric.Reader, exporter string) error {
	options := []sdkmetric.Option{sdkmetric.WithResource(res), sdkmetric.WithReader(endpoint), unlimited()}
	var pushErr error
	if exporter != "" && exporter != "none" && exporter != "prometheus" {
		push, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			pushErr = fmt.Errorf("metrics (OTEL_METRICS_EXPORTER=%q): %w", exporter, err)
		} else {
			options = append(options, sdkmetric.WithReader(push))
		}
	}
	meters := sdkmetric.NewMeterProvider(options...)
	p.meters = meters
	p.stopAtEnd("metrics", meters)
	return pushErr
}

// unlimited lifts the SDK's limit of 2,000 points a metric: the labels are
// bounded by the policies, of which there can be more.
func unlimited() sdkmetric.Option { return sdkmetric.WithCardinalityLimit(0) }

// addLogs makes the logger provider if an exporter is asked for.
func (p *pipelines) addLogs(ctx context.Context, res *resource.Resource) error {
	if !anySet("OTEL_LOGS_EXPORTER") {
		return nil
	}
	exporter, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return fmt.Errorf("logs (OTEL_LOGS_EXPORTER=%q): %w", os.Getenv("OTEL_LOGS_EXPORTER"), err)
	}
	if autoexport.IsNoneLogExporter(exporter) {
		return nil
	}
	logs := sdklog.NewLoggerProvider(sdklog.WithResource(res), sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter)))
	p.logs = logs
	p.stopAtEnd("logs", logs)
	return nil
}
