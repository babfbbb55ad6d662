package telemetry

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/contrib/otelconf"
	nooplog "go.opentelemetry.io/otel/log/noop"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// fromConfigFile makes the providers as the file that OTEL_CONFIG_FILE names
// says. It rules alone: the other variables count only where the file refers
// to them, and neither do the options, but for the processors.
func fromConfigFile(ctx context.Context, o Options, endpoint sdkmetric.Reader) (pipelines, error) {
	var spans []sdktrace.TracerProviderOption
	for _, s := range o.Processors {
		spans = append(spans, sdktrace.WithSpanProcessor(s))
	}
	sdk, err := otelconf.NewSDK(
		otelconf.WithContext(ctx),
		otelconf.WithTracerProviderOptions(spans...),
		otelconf.WithMeterProviderOptions(sdkmetric.WithReader(endpoint), unlimited()))
	if err != nil {
		return pipelines{}, fmt.Errorf("OTEL_CONFIG_FILE: %w", err)
	}
	p := pipelines{traces: sdk.TracerProvider(), meters: sdk.MeterProvider(), propagator: sdk.Propagator()}
	if logs := sdk.LoggerProvider(); logs != (nooplog.LoggerProvider{}) {
		p.logs = logs
	}
	p.stops = []stop{{"OTEL_CONFIG_FILE", func(ctx context.Context) error {
		return errors.Join(flush(ctx, p.traces), flush(ctx, p.logs), sdk.Shutdown(context.WithoutCancel(ctx)))
	}}}
	if p.meters != (noopmetric.MeterProvider{}) {
		return p, nil
	}
	// The file has no meter provider: the endpoint is served all the same.
	err = p.addMeters(ctx, newResource(ctx, o), endpoint, "")
	return p, err
}

// flush flushes a provider that can be.
func flush(ctx context.Context, provider any) error {
	if f, ok := provider.(interface{ ForceFlush(context.Context) error }); ok {
		return f.ForceFlush(ctx)
	}
	return nil
}
