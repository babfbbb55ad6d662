package telemetry_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/test/otlptest"
)

// scrape returns what the endpoint says, by metric and labels.
func scrape(t *testing.T, tel *telemetry.Telemetry) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page(t, tel, "text/plain")))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func page(t *testing.T, tel *telemetry.Telemetry, accept string) string {
	t.Helper()
	server := httptest.NewServer(tel.MetricsHandler())
	defer server.Close()
	req, err := http.NewRequest(http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	res, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", res.StatusCode, err)
	}
	return string(body)
}

// points returns the points of a family by their labels, as one text each.
func points(f *dto.MetricFamily) map[string]float64 {
	values := map[string]float64{}
	for _, m := range f.GetMetric() {
		var labels []string
		for _, l := range m.GetLabel() {
			labels = append(labels, l.GetName()+"="+l.GetValue())
		}
		slices.Sort(labels)
		v := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		values[strings.Join(labels, " ")] = v
	}
	return values
}

func check(t *testing.T, families map[string]*dto.MetricFamily, name string, want map[string]float64) {
	t.Helper()
	got := points(families[name])
	maps.DeleteFunc(got, func(_ string, v float64) bool { return v == 0 })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestMetricsOfAShadow(t *testing.T) {
	tel := setup(t, telemetry.Options{Service: "hedged"}, nil)
	rescued(tel)
	if families := scrape(t, tel); families["hedged_shadow_attempts_total"] != nil {
		t.Error("a policy that was never in mode Shadow has metrics of it")
	}
	for _, shadow := range []telemetry.Shadow{{}, {
		Launched:   []hedge.Trigger{hedge.Stagger, hedge.Stagger},
		Suppressed: []hedge.Suppression{{Number: 4, Trigger: hedge.Failure, Reason: hedge.Budget}},
	}} {
		tel.Recorder("shop/catalog", "r", "catalog").Call(t.Context(), nil, telemetry.CallStart{Method: "GET"}).
			End(telemetry.CallEnd{Status: 200, Shadow: &shadow})
	}
	families := scrape(t, tel)
	const who = "hedged_policy=shop/catalog hedged_upstream=catalog"
	check(t, families, "hedged_shadow_attempts_total", map[string]float64{
		"hedged_attempt_trigger=initial " + who: 2, "hedged_attempt_trigger=stagger " + who: 2,
	})
	check(t, families, "hedged_shadow_suppressed_total", map[string]float64{
		"hedged_policy=shop/catalog hedged_suppressed_reason=budget hedged_upstream=catalog": 1,
	})
}

func TestMetricsOfACall(t *testing.T) {
	tel := setup(t, telemetry.Options{Service: "hedged"}, nil)
	rescued(tel)
	rescued(tel)
	families := scrape(t, tel)

	const who = "hedged_policy=shop/catalog hedged_upstream=catalog"
	check(t, families, "hedged_calls_total", map[string]float64{"hedged_call_outcome=succeeded " + who: 2})
	check(t, families, "hedged_attempts_launched_total", map[string]float64{
		"hedged_attempt_trigger=initial " + who: 2, "hedged_attempt_trigger=stagger " + who: 2, "hedged_attempt_trigger=failure " + who: 2,
	})
	check(t, families, "hedged_attempts_ended_total", map[string]float64{
		"hedged_attempt_outcome=won " + who: 2, "hedged_attempt_outcome=lost " + who: 2, "hedged_attempt_outcome=failed " + who: 2,
	})
	check(t, families, "hedged_attempts_suppressed_total", map[string]float64{
		"hedged_policy=shop/catalog hedged_suppressed_reason=budget hedged_upstream=catalog": 2,
	})
	check(t, families, "http_server_request_duration_seconds", map[string]float64{
		who + " http_request_method=GET http_response_status_code=200 http_route=/items/ network_protocol_version=1.1 url_scheme=http": 2,
	})
	check(t, families, "http_client_request_duration_seconds", map[string]float64{
		"error_type=503 hedged_attempt_outcome=failed " + who + " http_request_method=GET http_response_status_code=503": 2,
		"hedged_attempt_outcome=lost " + who + " http_request_method=GET":                                                2,
		"hedged_attempt_outcome=won " + who + " http_request_method=GET http_response_status_code=200":                   2,
	})

	var bounds []float64
	for _, b := range families["http_client_request_duration_seconds"].GetMetric()[0].GetHistogram().GetBucket() {
		bounds = append(bounds, b.GetUpperBound())
	}
	advised := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
	if !slices.Equal(bounds[:len(bounds)-1], advised) {
		t.Errorf("buckets %v, want %v", bounds, advised)
	}
	// Zeros are there to step from.
	if n := len(families["hedged_calls_total"].GetMetric()); n != 4 {
		t.Errorf("%d outcomes are reported, want 4", n)
	}
	for _, name := range []string{"go_goroutines", "process_start_time_seconds", "target_info"} {
		if families[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestOutcomes(t *testing.T) {
	tel := setup(t, telemetry.Options{}, nil)
	r := tel.Recorder("p", "r", "u")
	for _, e := range []telemetry.CallEnd{
		{Status: 200},
		{Status: 503, Failed: true},
		{Status: 504, Failed: true, ErrorType: telemetry.ErrorTimeout},
		{Failed: true, ClientGone: true, ErrorType: telemetry.ErrorTimeout},
	} {
		r.Call(t.Context(), nil, telemetry.CallStart{Method: "GET", Start: time.Now()}).End(e)
	}
	check(t, scrape(t, tel), "hedged_calls_total", map[string]float64{
		"hedged_call_outcome=succeeded hedged_policy=p hedged_upstream=u":   1,
		"hedged_call_outcome=failed hedged_policy=p hedged_upstream=u":      1,
		"hedged_call_outcome=timed_out hedged_policy=p hedged_upstream=u":   1,
		"hedged_call_outcome=client_gone hedged_policy=p hedged_upstream=u": 1,
	})
}

// A rejected attempt sent nothing: it is counted and has no duration.
func TestRejectedHasNoDuration(t *testing.T) {
	tel := setup(t, telemetry.Options{}, nil)
	c := tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: "GET"})
	c.Attempt(telemetry.AttemptStart{Number: 1, Method: "GET"}).End(telemetry.AttemptEnd{End: hedge.Rejected, Verdict: hedge.NotSent})
	families := scrape(t, tel)
	check(t, families, "hedged_attempts_ended_total", map[string]float64{"hedged_attempt_outcome=rejected hedged_policy=p hedged_upstream=u": 1})
	if f := families["http_client_request_duration_seconds"]; f != nil {
		t.Errorf("durations %v", f)
	}
}

// A new revision of a policy counts on; another upstream is another series; a
// policy without a call has none.
func TestCountersSurviveAnEdit(t *testing.T) {
	tel := setup(t, telemetry.Options{}, nil)
	f := func(revision, upstream string) {
		tel.Recorder("p", revision, upstream).Call(t.Context(), nil, telemetry.CallStart{Method: "GET"}).End(telemetry.CallEnd{})
	}
	f("r1", "u")
	f("r2", "u")
	f("r2", "v")
	tel.Recorder("idle", "r1", "u")
	families := scrape(t, tel)
	check(t, families, "hedged_calls_total", map[string]float64{
		"hedged_call_outcome=succeeded hedged_policy=p hedged_upstream=u": 2,
		"hedged_call_outcome=succeeded hedged_policy=p hedged_upstream=v": 1,
	})
	if n := len(families["hedged_calls_total"].GetMetric()); n != 8 {
		t.Errorf("%d points, want 4 for each of two series", n)
	}
}

// Methods, schemes and protocols that a client makes up do not make series.
func TestLabelsAreBounded(t *testing.T) {
	tel := setup(t, telemetry.Options{}, nil)
	r := tel.Recorder("p", "r", "u")
	for _, odd := range []string{"BREW", "brew", "WHEN", "PROPFIND"} {
		c := r.Call(t.Context(), nil, telemetry.CallStart{Method: odd, Scheme: odd, Proto: odd, Host: odd, Path: "/" + odd})
		c.Attempt(telemetry.AttemptStart{Number: 1, Method: odd}).End(telemetry.AttemptEnd{Status: 200})
		c.End(telemetry.CallEnd{Status: 200})
	}
	families := scrape(t, tel)
	check(t, families, "http_server_request_duration_seconds", map[string]float64{
		"hedged_policy=p hedged_upstream=u http_request_method=_OTHER http_response_status_code=200 url_scheme=http": 4,
	})
	check(t, families, "http_client_request_duration_seconds", map[string]float64{
		"hedged_attempt_outcome=won hedged_policy=p hedged_upstream=u http_request_method=_OTHER http_response_status_code=200": 4,
	})
}

// The SDK's limit of 2,000 points a metric does not fold policies into one.
func TestManyPolicies(t *testing.T) {
	tel := setup(t, telemetry.Options{}, nil)
	const policies = 2100
	for i := range policies {
		tel.Recorder("p"+strconv.Itoa(i), "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: "GET"}).End(telemetry.CallEnd{Status: 200})
	}
	text := page(t, tel, "text/plain")
	if n := strings.Count(text, "\nhttp_server_request_duration_seconds_count{"); n != policies {
		t.Errorf("%d series of durations, want %d", n, policies)
	}
	if n := strings.Count(text, "\nhedged_calls_total{"); n != 4*policies {
		t.Errorf("%d series of calls, want %d", n, 4*policies)
	}
}

func TestObserve(t *testing.T) {
	tel := setup(t, telemetry.Options{}, nil)
	fanOut := 3.0
	if err := tel.Observe("hedged.plan.fan_out", "{attempt}", "Attempts that the plan allows.",
		func(emit telemetry.Emit) {
			emit(fanOut, telemetry.PolicyKey.String("p"))
			emit(1, telemetry.PolicyKey.String("q"))
		}); err != nil {
		t.Fatal(err)
	}
	if err := tel.ObserveTotal("hedged.connections.opened", "{connection}", "Connections opened.",
		func(emit telemetry.Emit) { emit(7) }); err != nil {
		t.Fatal(err)
	}
	check(t, scrape(t, tel), "hedged_plan_fan_out", map[string]float64{"hedged_policy=p": 3, "hedged_policy=q": 1})
	fanOut = 4
	families := scrape(t, tel)
	check(t, families, "hedged_plan_fan_out", map[string]float64{"hedged_policy=p": 4, "hedged_policy=q": 1})
	check(t, families, "hedged_connections_opened_total", map[string]float64{"": 7})
	if err := tel.Observe("no name", "", "", nil); err == nil {
		t.Error("a name with a space is taken")
	}
}

// A duration that was measured under a sampled span points at it.
func TestExemplars(t *testing.T) {
	tel := setup(t, telemetry.Options{Processors: []sdktrace.SpanProcessor{sdktrace.NewSimpleSpanProcessor(discard{})}}, nil)
	rescued(tel)
	text := page(t, tel, "application/openmetrics-text; version=1.0.0")
	if n := strings.Count(text, `trace_id="`+callerTrace+`"`); n != 4 {
		t.Errorf("%d exemplars, want one for the call and for each attempt:\n%s", n, text)
	}
}

// Metrics that are pushed say the same as those that are pulled.
func TestMetricsArePushed(t *testing.T) {
	r := otlptest.Start(t)
	tel := setup(t, telemetry.Options{Service: "hedged"}, env{
		"OTEL_METRICS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": r.HTTP, "OTEL_TRACES_EXPORTER": "none",
	})
	rescued(tel)
	check(t, scrape(t, tel), "hedged_calls_total",
		map[string]float64{"hedged_call_outcome=succeeded hedged_policy=shop/catalog hedged_upstream=catalog": 1})
	shutdown(t, tel)
	for _, m := range r.Metrics() {
		if m.Name == "hedged.calls" && m.Attributes["hedged.call.outcome"] == "succeeded" {
			if m.Value != 1 || m.Unit != "{call}" || m.Resource["service.name"] != "hedged" {
				t.Errorf("pushed %+v", m)
			}
			return
		}
	}
	t.Error("hedged.calls was not pushed")
}
