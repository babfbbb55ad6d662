package telemetry_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/test/otlptest"
)

// configured makes telemetry by a configuration file.
func configured(t *testing.T, r *otlptest.Receiver, o telemetry.Options, file string) *telemetry.Telemetry {
	t.Helper()
	path := filepath.Join(t.TempDir(), "otel.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(file, "RECEIVER", r.HTTP)), 0o600); err != nil {
		t.Fatal(err)
	}
	// The file rules alone: none of the other variables counts.
	return setup(t, o, env{
		"OTEL_CONFIG_FILE": path, "OTEL_SDK_DISABLED": "true", "OTEL_SERVICE_NAME": "variable", "OTEL_TRACES_EXPORTER": "none",
	})
}

func TestConfigFile(t *testing.T) {
	r := otlptest.Start(t)
	log := &buffer{}
	tel := configured(t, r, telemetry.Options{Service: "option", LogWriter: log}, `
file_format: "1.0"
resource:
  attributes:
    - {name: service.name, value: file}
propagator:
  composite: [{tracecontext: }]
tracer_provider:
  processors:
    - batch:
        exporter: {otlp_http: {endpoint: RECEIVER/v1/traces}}
meter_provider:
  readers:
    - periodic:
        exporter: {otlp_http: {endpoint: RECEIVER/v1/metrics}}
logger_provider:
  processors:
    - batch:
        exporter: {otlp_http: {endpoint: RECEIVER/v1/logs}}
`)
	rescued(tel)
	tel.Log.Info("of a file")
	check(t, scrape(t, tel), "hedged_calls_total",
		map[string]float64{"hedged_call_outcome=succeeded hedged_policy=shop/catalog hedged_upstream=catalog": 1})
	shutdown(t, tel)

	spans := r.Spans()
	if len(spans) != 4 || spans[0].TraceID != callerTrace || spans[0].Resource["service.name"] != "file" {
		t.Errorf("spans %+v", spans)
	}
	if logs := r.Logs(); len(logs) != 1 || logs[0].Body != "of a file" {
		t.Errorf("logs %+v", logs)
	}
	if len(log.lines(t)) != 1 || len(r.Metrics()) == 0 {
		t.Errorf("%d lines, %d points", len(log.lines(t)), len(r.Metrics()))
	}
}

// A file that is about traces alone leaves the metrics endpoint as it is.
func TestConfigFileWithoutMetrics(t *testing.T) {
	r := otlptest.Start(t)
	tel := configured(t, r, telemetry.Options{}, `
file_format: "1.0"
tracer_provider:
  processors:
    - simple:
        exporter: {otlp_http: {endpoint: RECEIVER/v1/traces}}
`)
	call(tel)
	check(t, scrape(t, tel), "hedged_calls_total",
		map[string]float64{"hedged_call_outcome=succeeded hedged_policy=shop/catalog hedged_upstream=catalog": 1})
	shutdown(t, tel)
	if len(r.Spans()) != 2 || len(r.Metrics()) != 0 || len(r.Logs()) != 0 {
		t.Errorf("%d spans, %d points, %d records", len(r.Spans()), len(r.Metrics()), len(r.Logs()))
	}
}

func TestConfigFileThatIsNotThere(t *testing.T) {
	clean(t, env{"OTEL_CONFIG_FILE": filepath.Join(t.TempDir(), "absent.yaml")})
	tel, err := telemetry.Setup(t.Context(), telemetry.Options{})
	if err == nil {
		shutdown(t, tel)
		t.Fatal("no error")
	}
	if !strings.HasPrefix(err.Error(), "OTEL_CONFIG_FILE: ") || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("error %q", err)
	}
}
