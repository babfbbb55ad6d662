package trace_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/trace"
)

// jaeger answers each path of the query API with a text, and keeps the question.
func jaeger(t *testing.T, answers map[string]string) (client *trace.Jaeger, asked *http.Request) {
	t.Helper()
	asked = new(http.Request)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = *r
		answer, ok := answers[r.URL.Path]
		if !ok {
			http.Error(w, `{"error":{"httpCode":404,"message":"No traces found"}}`, http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	return &trace.Jaeger{URL: server.URL + "/", Client: server.Client()}, asked
}

const oneSpan = `{"result":{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hedged"}}]},
 "scopeSpans":[{"spans":[{"traceId":"0a","spanId":"01","name":"GET","kind":2,"startTimeUnixNano":"1000","endTimeUnixNano":"2000"}]}]}]}}`

func TestTraceByID(t *testing.T) {
	j, asked := jaeger(t, map[string]string{"/api/v3/traces/0a": oneSpan, "/api/v3/traces/0b": oneSpan})
	got, err := j.Trace(t.Context(), "0a")
	if err != nil || len(got.Spans) != 1 || got.Spans[0].Service != "hedged" {
		t.Errorf("got %v, %v", got, err)
	}
	if q := asked.URL.Query().Get("raw_traces"); q != "true" {
		t.Errorf("clocks may be adjusted: raw_traces=%s", q)
	}
	if _, err := j.Trace(t.Context(), "0b"); err == nil {
		t.Error("another trace than that asked for was taken")
	}
	if _, err := j.Trace(t.Context(), "0c"); !errors.Is(err, trace.ErrNotFound) {
		t.Errorf("of a trace that is not there: %v", err)
	}
}

func TestFind(t *testing.T) {
	j, asked := jaeger(t, map[string]string{"/api/v3/traces": oneSpan})
	got, err := j.Find(t.Context(), trace.Search{Service: "hedged", Operation: "GET", From: time.Unix(1, 0), To: time.Unix(2, 5), Most: 7})
	if err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	want := "query.num_traces=7&query.operation_name=GET&query.raw_traces=true&query.service_name=hedged" +
		"&query.start_time_max=1970-01-01T00%3A00%3A02.000000005Z&query.start_time_min=1970-01-01T00%3A00%3A01Z"
	if asked.URL.RawQuery != want {
		t.Errorf("asked %s", asked.URL.RawQuery)
	}
}

func TestTagged(t *testing.T) {
	j, asked := jaeger(t, map[string]string{"/api/traces": `{"data":[
 {"traceID":"0a","spans":[{"spanID":"01","tags":[{"key":"error","type":"bool","value":true}]},{"spanID":"02","tags":[]}]},
 {"traceID":"0b","spans":[{"spanID":"03","tags":[{"key":"error","type":"string","value":"no"}]}]}]}`})
	got, err := j.Tagged(t.Context(), trace.Search{Service: "hedged", From: time.Unix(1, 0), To: time.Unix(2, 0), Most: 7}, "error", "true")
	if err != nil || len(got) != 2 || len(got["0a"]) != 1 || got["0a"][0] != "01" || len(got["0b"]) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	if want := "end=2000000&limit=7&service=hedged&start=1000000&tags=%7B%22error%22%3A%22true%22%7D"; asked.URL.RawQuery != want {
		t.Errorf("asked %s", asked.URL.RawQuery)
	}
}

func TestJaegerIsAway(t *testing.T) {
	j, _ := jaeger(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Find(ctx, trace.Search{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
