package main

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// spans makes the endpoint's own SERVER spans.
type spans struct {
	tracer trace.Tracer
	flush  func(context.Context) error
}

// newSpans exports spans if OTEL_EXPORTER_OTLP_ENDPOINT says where to; the other
// OTEL_ variables count too.
func newSpans(ctx context.Context, pod string) (*spans, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" {
		return &spans{noop.NewTracerProvider().Tracer(""), func(context.Context) error { return nil }}, nil
	}
	exporter, err := otlptracegrpc.New(ctx)
	if err != nil {
		return nil, err
	}
	who, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "upstream"), attribute.String("service.instance.id", pod),
	), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(who))
	return &spans{provider.Tracer("hedged.dev/hedged/test/cluster/cmd/upstream"), provider.Shutdown}, nil
}

// span is one call's.
type span struct{ trace.Span }

// start begins the span of a call, beneath the one that sent it. A gRPC call's is
// named after its method.
func (s *spans) start(r *http.Request) span {
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	name := r.Method
	if isGRPC(r) {
		name = strings.TrimPrefix(r.URL.Path, "/")
	}
	_, made := s.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", r.Method),
		attribute.String("url.scheme", "http"),
		attribute.String("url.path", r.URL.Path),
		attribute.StringSlice("http.request.header.hedged-attempt", r.Header.Values("Hedged-Attempt")),
	))
	return span{made}
}

// end ends the span of a call that met its fate. An answer below 500 is no error.
func (s span) end(met fate, status int) {
	s.SetAttributes(fateKey.String(met.String()))
	word := met.String()
	if status > 0 {
		s.SetAttributes(attribute.Int("http.response.status_code", status))
		word = strconv.Itoa(status)
	}
	if status == 0 || status >= 500 {
		s.SetAttributes(attribute.String("error.type", word))
		s.SetStatus(codes.Error, "")
	}
	s.End()
}

// gone ends the span of a call whose sender did not wait for the fate that it was
// to meet. That is no error of the endpoint's.
func (s span) gone(met fate) {
	s.SetAttributes(fateKey.String(met.String()), attribute.Bool("upstream.gone", true))
	s.End()
}

// fateKey says what became of a call, in the endpoint's words.
const fateKey = attribute.Key("upstream.fate")
