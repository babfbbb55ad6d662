package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/propagators/autoprop"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
)

// pipelines are the providers of the three signals, and what stops them.
type pipelines struct {
	traces     trace.TracerProvider
	meters     metric.MeterProvider
	logs       log.LoggerProvider // nil: logs are only written
	propagator propagation.TextMapPropagator
	stops      []stop
}

// stop flushes one provider for as long as its context lives, and ends it.
type stop struct {
	what string
	end  func(context.Context) error
}

// newPipelines makes the providers as the OTEL_* variables say. When it fails
// its result still stops what it started.
func newPipelines(ctx context.Context, o Options, endpoint sdkmetric.Reader) (pipelines, error) {
	if file := os.Getenv("OTEL_CONFIG_FILE"); file != "" {
		return fromConfigFile(ctx, o, endpoint)
	}
	return fromEnvironment(ctx, o, endpoint)
}

// fromEnvironment makes each signal by variables of its own. OTEL_SDK_DISABLED
// stops all that leaves the process; the metrics endpoint stays, since nothing
// leaves by it unless somebody asks.
func fromEnvironment(ctx context.Context, o Options, endpoint sdkmetric.Reader) (pipelines, error) {
	disabled := strings.EqualFold(strings.TrimSpace(os.Getenv("OTEL_SDK_DISABLED")), "true")
	res := newResource(ctx, o)
	// Without an SDK a span is its parent's context: a caller's trace passes
	// through as it came.
	p := pipelines{traces: nooptrace.NewTracerProvider(), propagator: autoprop.NewTextMapPropagator()}
	if disabled {
		err := p.addMeters(ctx, res, endpoint, "")
		return p, err
	}
	err := errors.Join(
		p.addTraces(ctx, o, res),
		p.addMeters(ctx, res, endpoint, os.Getenv("OTEL_METRICS_EXPORTER")),
		p.addLogs(ctx, res))
	return p, err
}

// shutdown flushes and ends everything, all at once, so that one collector
// that hangs does not use up the time of the others. What has not ended when
// ctx is done is left to end by itself.
func (p pipelines) shutdown(ctx context.Context) error {
	errs := make([]error, len(p.stops))
	var wg sync.WaitGroup
	for i, s := range p.stops {
		wg.Go(func() {
			ended := make(chan error, 1)
			go func() { ended <- s.end(ctx) }()
			var err error
			select {
			case err = <-ended:
			case <-ctx.Done():
				err = ctx.Err()
			}
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", s.what, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// provider is what the SDK's providers have in common.
type provider interface {
	ForceFlush(context.Context) error
	Shutdown(context.Context) error
}

// stopAtEnd has shutdown stop a provider. It is flushed first, because a batch
// that fails in its Shutdown is not reported; and the SDK's Shutdown does
// nothing at all under a context that the flush has used up.
func (p *pipelines) stopAtEnd(what string, pr provider) {
	p.stops = append(p.stops, stop{what, func(ctx context.Context) error {
		return errors.Join(pr.ForceFlush(ctx), pr.Shutdown(context.WithoutCancel(ctx)))
	}})
}

// bridge returns the handler of logs, which sends them to OpenTelemetry too if
// there is somewhere to send them.
func (p pipelines) bridge(h slog.Handler, level slog.Level) slog.Handler {
	if p.logs == nil {
		return h
	}
	return slog.NewMultiHandler(h, leveled{otelslog.NewHandler(scope, otelslog.WithLoggerProvider(p.logs)), level})
}
