package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// world is an endpoint that serves, and the spans that it makes.
func world(t *testing.T) (address string, made *tracetest.InMemoryExporter) {
	t.Helper()
	made = tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(made))
	e := newEndpoint("pod-a", "1", usual(), &spans{provider.Tracer(""), provider.Shutdown})
	server := httptest.NewUnstartedServer(e.routes())
	server.Config.Protocols = protocols()
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), made
}

// ask sends one call with a trace.
func ask(ctx context.Context, method, url string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	request.Header.Set("Hedged-Attempt", "2")
	// One connection each: Go's client sends a call again whose kept connection is reset.
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(body)), err
}

func TestEndpoint(t *testing.T) {
	address, spans := world(t)
	told := func(wanted string) {
		t.Helper()
		if status, text, err := ask(t.Context(), http.MethodPost, "http://"+address+"/control?"+wanted); status != http.StatusOK {
			t.Fatalf("%s: %d %s %v", wanted, status, text, err)
		}
	}
	f := func(wanted string, status int, fate string, code codes.Code) {
		t.Helper()
		told(wanted)
		spans.Reset()
		got, _, err := ask(t.Context(), http.MethodGet, "http://"+address+"/item/1")
		if got != status || (status == 0) != (err != nil) {
			t.Errorf("%s: answered %d, %v", wanted, got, err)
		}
		for len(spans.GetSpans()) == 0 { // the test's own limit is the bound
			<-time.After(time.Millisecond)
		}
		s := spans.GetSpans()[0]
		if s.Name != "GET" || s.Status.Code != code || s.SpanContext.TraceID().String() != "4bf92f3577b34da6a3ce929d0e0e4736" ||
			s.Parent.SpanID().String() != "00f067aa0ba902b7" {
			t.Errorf("%s: the span is %+v", wanted, s)
		}
		met := ""
		for _, a := range s.Attributes {
			if a.Key == fateKey {
				met = a.Value.AsString()
			}
		}
		if met != fate {
			t.Errorf("%s: the fate is %q", wanted, met)
		}
	}

	f("delay=1ms", http.StatusOK, "served", codes.Unset)
	f("fail=1&status=418", http.StatusTeapot, "shed", codes.Unset)
	f("status=503", http.StatusServiceUnavailable, "shed", codes.Error)
	f("fail=0&quiet=1ns&least=1h&most=1h&drop=1&shed=0&stall=0", 0, "dropped", codes.Error)
	told("drop=0&stall=1")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	spans.Reset()
	if _, _, err := ask(ctx, http.MethodGet, "http://"+address+"/item/1"); err == nil {
		t.Error("a stalled call was answered")
	}
	for len(spans.GetSpans()) == 0 {
		<-time.After(time.Millisecond)
	}
	if s := spans.GetSpans()[0]; s.Status.Code != codes.Unset {
		t.Errorf("nobody waited for it, and its span says %v", s.Status)
	}
	if _, text, err := ask(t.Context(), http.MethodGet, "http://"+address+"/calls"); text != "5" {
		t.Errorf("of 5 calls it counts %s, %v", text, err)
	}
	if status, text, _ := ask(t.Context(), http.MethodPost, "http://"+address+"/control?stall=2"); status != http.StatusBadRequest {
		t.Errorf("a share of 2 is taken: %s", text)
	}
}

func TestGRPC(t *testing.T) {
	address, spans := world(t)
	connection, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	answer, err := grpc_health_v1.NewHealthClient(connection).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil || answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Fatalf("%v, %v", answer, err)
	}
	if s := spans.GetSpans(); len(s) != 1 || s[0].Name != "grpc.health.v1.Health/Check" {
		t.Errorf("the spans are %+v", s)
	}
}
