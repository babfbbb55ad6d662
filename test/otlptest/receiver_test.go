package otlptest_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"hedged.dev/hedged/test/otlptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// request is one span with a value of each kind.
func request(name string) *collectortrace.ExportTraceServiceRequest {
	word := &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: "w"}}
	return &collectortrace.ExportTraceServiceRequest{ResourceSpans: []*trace.ResourceSpans{{
		ScopeSpans: []*trace.ScopeSpans{{Spans: []*trace.Span{{
			Name: name, Kind: trace.Span_SPAN_KIND_CLIENT, TraceId: []byte{1}, SpanId: []byte{2},
			Status: &trace.Status{Code: trace.Status_STATUS_CODE_ERROR, Message: "m"},
			Events: []*trace.Span_Event{{Name: "exception"}},
			Attributes: []*common.KeyValue{
				{Key: "s", Value: word},
				{Key: "b", Value: &common.AnyValue{Value: &common.AnyValue_BoolValue{BoolValue: true}}},
				{Key: "i", Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: 3}}},
				{Key: "d", Value: &common.AnyValue{Value: &common.AnyValue_DoubleValue{DoubleValue: 0.5}}},
				{Key: "l", Value: &common.AnyValue{Value: &common.AnyValue_ArrayValue{
					ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{word}},
				}}},
				{Key: "n"},
			},
		}}}},
	}}}
}

func TestReceiver(t *testing.T) {
	r := otlptest.Start(t)
	plain, err := proto.Marshal(request("http"))
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	_, _ = zip.Write(plain)
	zip.Close()

	f := func(path, encoding string, body []byte, want int) {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, r.HTTP+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Encoding", encoding)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s %s: %d, want %d", path, encoding, res.StatusCode, want)
		}
	}
	f("/v1/traces", "", plain, 200)
	f("/v1/traces", "gzip", zipped.Bytes(), 200)
	f("/v1/traces", "gzip", plain, 400)
	f("/v1/traces", "", []byte{0xff}, 400)
	f("/v1/profiles", "", plain, 404)
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()

	conn, err := grpc.NewClient(r.GRPC[len("http://"):], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := collectortrace.NewTraceServiceClient(conn).Export(t.Context(), request("grpc")); err != nil {
		t.Fatal(err)
	}

	spans := r.WaitSpans(t, 3)
	if len(spans) != 3 || spans[0].Name != "http" || spans[1].Name != "http" || spans[2].Name != "grpc" {
		t.Fatalf("spans %+v", spans)
	}
	want := otlptest.Attributes{"s": "w", "b": true, "i": int64(3), "d": 0.5, "l": []any{"w"}, "n": nil}
	for _, s := range spans {
		if s.Kind != "CLIENT" || s.Status != "ERROR" || s.StatusMessage != "m" || s.TraceID != "01" || s.SpanID != "02" ||
			s.ParentID != "" || len(s.Events) != 1 || s.Events[0] != "exception" {
			t.Errorf("span %+v", s)
		}
		if diff := cmp.Diff(want, s.Attributes); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
