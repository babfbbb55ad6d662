package otlptest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
)

// patience bounds how long a test waits for what should come at once.
const patience = 20 * time.Second

// Receiver holds what has arrived, in order of arrival.
type Receiver struct {
	HTTP string // for OTEL_EXPORTER_OTLP_ENDPOINT with http/protobuf
	GRPC string // for OTEL_EXPORTER_OTLP_ENDPOINT with grpc

	mu      sync.Mutex // guards what follows
	arrived *sync.Cond
	spans   []Span
	metrics []Metric
	logs    []Log
}

// Start starts a receiver that is closed when the test ends.
func Start(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{}
	r.arrived = sync.NewCond(&r.mu)

	web := httptest.NewServer(r.handler())
	t.Cleanup(web.Close)
	r.HTTP = web.URL

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collectortrace.RegisterTraceServiceServer(server, traceService{r: r})
	collectormetrics.RegisterMetricsServiceServer(server, metricsService{r: r})
	collectorlogs.RegisterLogsServiceServer(server, logsService{r: r})
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // it returns when the server is stopped
	}()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	r.GRPC = "http://" + listener.Addr().String()
	return r
}

// Spans returns the spans that have arrived.
func (r *Receiver) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.spans)
}

// Metrics returns the points of metrics that have arrived.
func (r *Receiver) Metrics() []Metric {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.metrics)
}

// Logs returns the log records that have arrived.
func (r *Receiver) Logs() []Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.logs)
}

// WaitSpans waits until at least n spans have arrived and returns them all. It
// fails the test when they do not come.
func (r *Receiver) WaitSpans(t testing.TB, n int) []Span {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		r.mu.Lock() // else the wait could begin after the broadcast
		defer r.mu.Unlock()
		r.arrived.Broadcast()
	})()
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.spans) < n && ctx.Err() == nil {
		r.arrived.Wait()
	}
	if len(r.spans) < n {
		t.Fatalf("%d spans have arrived, want %d", len(r.spans), n)
	}
	return slices.Clone(r.spans)
}

// add appends what has arrived in one message.
func (r *Receiver) add(spans []Span, metrics []Metric, logs []Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, spans...)
	r.metrics = append(r.metrics, metrics...)
	r.logs = append(r.logs, logs...)
	r.arrived.Broadcast()
}

func (r *Receiver) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /v1/traces", post(traceService{r: r}.Export))
	mux.Handle("POST /v1/metrics", post(metricsService{r: r}.Export))
	mux.Handle("POST /v1/logs", post(logsService{r: r}.Export))
	return mux
}
