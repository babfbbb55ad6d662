package telemetry_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/test/otlptest"
)

// call records a call of one attempt that won.
func call(tel *telemetry.Telemetry) {
	c := tel.Recorder("shop/catalog", "r1", "catalog").Call(context.Background(), nil, telemetry.CallStart{Method: "GET"})
	c.Attempt(telemetry.AttemptStart{Number: 1, Method: "GET"}).End(telemetry.AttemptEnd{Status: 200, Elapsed: time.Millisecond})
	c.End(telemetry.CallEnd{Status: 200, Attempts: 1, Winner: 1})
}

// What leaves the process is what a variable asks for, and no more.
func TestExportOnlyWhatIsAskedFor(t *testing.T) {
	f := func(name string, e env, spans, metrics, logs bool) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			r := otlptest.Start(t)
			for k, v := range e {
				e[k] = strings.ReplaceAll(v, "RECEIVER", r.HTTP)
			}
			tel := setup(t, telemetry.Options{}, e)
			call(tel)
			tel.Log.Info("started")
			shutdown(t, tel)
			if got := len(r.Spans()) > 0; got != spans {
				t.Errorf("spans exported: %v, want %v", got, spans)
			}
			if got := len(r.Metrics()) > 0; got != metrics {
				t.Errorf("metrics exported: %v, want %v", got, metrics)
			}
			if got := len(r.Logs()) > 0; got != logs {
				t.Errorf("logs exported: %v, want %v", got, logs)
			}
		})
	}
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	f("an endpoint is for traces", env{endpoint: "RECEIVER"}, true, false, false)
	f("an endpoint of traces", env{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "RECEIVER/v1/traces"}, true, false, false)
	f("traces by name", env{"OTEL_TRACES_EXPORTER": "otlp", endpoint: "RECEIVER"}, true, false, false)
	f("no traces", env{"OTEL_TRACES_EXPORTER": "none", endpoint: "RECEIVER"}, false, false, false)
	f("never sampled", env{"OTEL_TRACES_SAMPLER": "always_off", endpoint: "RECEIVER"}, false, false, false)
	f("metrics", env{"OTEL_METRICS_EXPORTER": "otlp", "OTEL_TRACES_EXPORTER": "none", endpoint: "RECEIVER"}, false, true, false)
	f("metrics are pulled anyway", env{"OTEL_METRICS_EXPORTER": "prometheus", endpoint: "RECEIVER"}, true, false, false)
	f("no metrics", env{"OTEL_METRICS_EXPORTER": "none", endpoint: "RECEIVER"}, true, false, false)
	f("logs", env{"OTEL_LOGS_EXPORTER": "otlp", endpoint: "RECEIVER"}, true, false, true)
	f("no logs", env{"OTEL_LOGS_EXPORTER": "none", endpoint: "RECEIVER"}, true, false, false)
	f("everything", env{"OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp", endpoint: "RECEIVER"}, true, true, true)
	f("disabled", env{"OTEL_SDK_DISABLED": "true", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp", endpoint: "RECEIVER"},
		false, false, false)
}

func TestResourceFromVariables(t *testing.T) {
	r := otlptest.Start(t)
	tel := setup(t, telemetry.Options{Service: "hedged", Version: "1"}, env{
		"OTEL_EXPORTER_OTLP_ENDPOINT": r.HTTP, "OTEL_SERVICE_NAME": "edge",
		"OTEL_RESOURCE_ATTRIBUTES": "k8s.pod.name=edge-0,service.version=2,broken",
	})
	call(tel)
	shutdown(t, tel)
	got := r.WaitSpans(t, 2)[0].Resource
	if got["service.name"] != "edge" || got["service.version"] != "2" || got["k8s.pod.name"] != "edge-0" {
		t.Errorf("resource %v", got)
	}
}

func TestSampleRatio(t *testing.T) {
	f := func(ratio float64, parent string, want bool) {
		t.Helper()
		r := otlptest.Start(t)
		// The option is stronger than the variable.
		tel := setup(t, telemetry.Options{SampleRatio: &ratio}, env{
			"OTEL_EXPORTER_OTLP_ENDPOINT": r.HTTP, "OTEL_TRACES_SAMPLER": "always_on",
		})
		in := telemetry.Header{}
		if parent != "" {
			in.Set("traceparent", parent)
		}
		tel.Recorder("p", "r", "u").Call(t.Context(), in, telemetry.CallStart{Method: "GET"}).End(telemetry.CallEnd{})
		shutdown(t, tel)
		if got := len(r.Spans()) == 1; got != want {
			t.Errorf("ratio %v under %q: recorded %v, want %v", ratio, parent, got, want)
		}
	}
	f(0, "", false)
	f(1, "", true)
	f(0, "00-"+callerTrace+"-"+callerSpan+"-01", true)
	f(1, "00-"+callerTrace+"-"+callerSpan+"-00", false)
}

func TestPropagatorsFromVariable(t *testing.T) {
	tel := setup(t, telemetry.Options{}, env{"OTEL_PROPAGATORS": "b3"})
	in, out := telemetry.Header{}, telemetry.Header{}
	in.Set("b3", callerTrace+"-"+callerSpan+"-1")
	c := tel.Recorder("p", "r", "u").Call(t.Context(), in, telemetry.CallStart{Method: "GET"})
	c.Attempt(telemetry.AttemptStart{Number: 1}).Inject(out)
	if out.Get("b3") != in.Get("b3") || out.Get("traceparent") != "" {
		t.Errorf("sent on %v", out)
	}
	if fields := tel.Propagator().Fields(); len(fields) != 1 || fields[0] != "b3" {
		t.Errorf("propagator of %v", fields)
	}
}

func TestSetupRefuses(t *testing.T) {
	f := func(o telemetry.Options, e env, want ...string) {
		t.Helper()
		clean(t, e)
		tel, err := telemetry.Setup(t.Context(), o)
		if err == nil {
			shutdown(t, tel)
			t.Fatalf("%v: no error", e)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not say %q", err, w)
			}
		}
	}
	f(telemetry.Options{LogFormat: "xml"}, nil, `log format "xml": it is json or text`)
	f(telemetry.Options{}, env{
		"OTEL_TRACES_EXPORTER": "zipkin", "OTEL_METRICS_EXPORTER": "statsd", "OTEL_LOGS_EXPORTER": "syslog",
	}, `OTEL_TRACES_EXPORTER="zipkin"`, `OTEL_METRICS_EXPORTER="statsd"`, `OTEL_LOGS_EXPORTER="syslog"`)
}

// P29: what was recorded leaves before Shutdown returns, without waiting for
// the exporter's next turn.
func TestP29ShutdownFlushes(t *testing.T) {
	r := otlptest.Start(t)
	tel := setup(t, telemetry.Options{}, env{
		"OTEL_EXPORTER_OTLP_ENDPOINT": r.GRPC, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
		"OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp",
		"OTEL_BSP_SCHEDULE_DELAY": "3600000", "OTEL_BLRP_SCHEDULE_DELAY": "3600000", "OTEL_METRIC_EXPORT_INTERVAL": "3600000",
	})
	call(tel)
	tel.Log.Info("stopping")
	if n := len(r.Spans()); n != 0 {
		t.Fatalf("%d spans left before their time", n)
	}
	shutdown(t, tel)
	if spans, metrics, logs := len(r.Spans()), len(r.Metrics()), len(r.Logs()); spans != 2 || metrics == 0 || logs != 1 {
		t.Errorf("%d spans, %d points, %d log records after shutdown", spans, metrics, logs)
	}
}

// P29: a collector that hangs does not keep the process: Shutdown ends with
// its context and says which signals were not sent.
func TestP29ShutdownIsBounded(t *testing.T) {
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer hanging.Close()
	defer close(release)
	clean(t, env{"OTEL_EXPORTER_OTLP_ENDPOINT": hanging.URL, "OTEL_METRICS_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp"})
	tel, err := telemetry.Setup(t.Context(), telemetry.Options{LogWriter: &buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	call(tel)
	tel.Log.Info("stopping")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = tel.Shutdown(ctx)
	if err == nil {
		t.Fatal("no error")
	}
	for _, what := range []string{"traces: ", "metrics: ", "logs: "} {
		if !strings.Contains(err.Error(), what) {
			t.Errorf("%q does not say %q", err, what)
		}
	}
}

// P29: nor does a processor that does not heed its context.
func TestP29ShutdownLeavesWhatHangs(t *testing.T) {
	release := make(chan struct{})
	clean(t, nil)
	tel, err := telemetry.Setup(t.Context(), telemetry.Options{
		LogWriter: &buffer{}, Processors: []sdktrace.SpanProcessor{stuck{release: release}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ended := make(chan error, 1)
	go func() { ended <- tel.Shutdown(ctx) }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "traces: ") {
			t.Errorf("error %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Shutdown waits for the processor")
	}
	close(release)
}

// stuck is a processor that ends when it is released.
type stuck struct {
	drop
	release chan struct{}
}

func (s stuck) Shutdown(context.Context) error {
	<-s.release
	return nil
}

// P29: spans that a collector refuses are an error of Shutdown.
func TestP29ShutdownReportsRefusal(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer refusing.Close()
	clean(t, env{"OTEL_EXPORTER_OTLP_ENDPOINT": refusing.URL})
	tel, err := telemetry.Setup(t.Context(), telemetry.Options{LogWriter: &buffer{}})
	if err != nil {
		t.Fatal(err)
	}
	call(tel)
	if err := tel.Shutdown(t.Context()); err == nil || !strings.Contains(err.Error(), "traces: ") || !strings.Contains(err.Error(), "403") {
		t.Errorf("error %v", err)
	}
}
