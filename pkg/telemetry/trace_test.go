package telemetry_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/test/otlptest"
)

const (
	callerTrace = "0af7651916cd43dd8448eb211c80319c"
	callerSpan  = "b7ad6b7169203331"
)

// rescued records a call of three attempts: the first is answered 503, the
// second is cancelled, the third wins. A fourth was due and suppressed.
func rescued(tel *telemetry.Telemetry) {
	launch := time.Now()
	in := telemetry.Header{"Traceparent": {"00-" + callerTrace + "-" + callerSpan + "-01"}}
	c := tel.Recorder("shop/catalog", "0123456789ab", "catalog").Call(context.Background(), in, telemetry.CallStart{
		Method: "GET", Route: "/items/", Scheme: "http", Host: "catalog.shop:8080", Path: "/items/7",
		Proto: "HTTP/1.1", Peer: "192.0.2.1:4711", UserAgent: "curl/8", Start: launch,
	})
	start := func(n int, trigger hedge.Trigger, endpoint string, after time.Duration) telemetry.Attempt {
		return c.Attempt(telemetry.AttemptStart{
			Number: n, Trigger: trigger, Method: "GET", URL: "http://me:secret@catalog.shop/items/7?q=1&sig=secret",
			Endpoint: endpoint, Start: launch.Add(after),
		})
	}
	first := start(1, hedge.Initial, "10.0.0.1:80", 0)
	second := start(2, hedge.Stagger, "10.0.0.2:80", 10*time.Millisecond)
	first.End(telemetry.AttemptEnd{End: hedge.Failed, Verdict: hedge.NonFatal, Status: 503, Elapsed: 15 * time.Millisecond})
	third := start(3, hedge.Failure, "[2001:db8::3]:80", 15*time.Millisecond)
	// It was launched a little after its record began: endpoint and budget came between.
	third.End(telemetry.AttemptEnd{End: hedge.Won, Status: 200, Launched: launch.Add(17 * time.Millisecond), Elapsed: 20 * time.Millisecond})
	c.End(telemetry.CallEnd{
		Status: 200, Attempts: 3, Winner: 3, Plan: telemetry.Plan{FanOut: 4, State: "steady", Rule: "tail", Reason: "fixed stagger of 10ms"},
		Suppressed: []hedge.Suppression{{Number: 4, Trigger: hedge.Stagger, Reason: hedge.Budget}},
	})
	second.End(telemetry.AttemptEnd{End: hedge.Lost, Err: errors.New("context canceled"), Elapsed: 25 * time.Millisecond})
}

func checkRescued(t *testing.T, spans []otlptest.Span) {
	t.Helper()
	if len(spans) != 4 {
		t.Fatalf("%d spans, want 4", len(spans))
	}
	resource := spans[0].Resource
	if resource["service.name"] != "hedged" || resource["service.version"] != "1.2.3" || resource["service.instance.id"] != "pod-1" {
		t.Errorf("resource %v", resource)
	}
	byNumber := map[any]otlptest.Span{}
	for _, s := range spans {
		byNumber[s.Attributes["hedged.attempt.number"]] = s
	}
	call := byNumber[nil]

	f := func(got otlptest.Span, name, kind, parent, status string, took time.Duration, want otlptest.Attributes) {
		t.Helper()
		if got.Name != name || got.Kind != kind || got.TraceID != callerTrace || got.ParentID != parent {
			t.Errorf("%s %s, trace %s, parent %s; want %s %s under %s", got.Kind, got.Name, got.TraceID, got.ParentID, kind, name, parent)
		}
		if got.Status != status || got.StatusMessage != "" || got.Events != nil {
			t.Errorf("%s: status %s %q, events %v, want %s", got.Name, got.Status, got.StatusMessage, got.Events, status)
		}
		if d := got.End.Sub(got.Start); took > 0 && d != took {
			t.Errorf("%s took %v, want %v", got.Name, d, took)
		}
		if diff := cmp.Diff(want, got.Attributes); diff != "" {
			t.Errorf("attributes of %s (-want +got):\n%s", got.Name, diff)
		}
	}
	attempt := func(more otlptest.Attributes) otlptest.Attributes {
		attrs := otlptest.Attributes{
			"hedged.policy": "shop/catalog", "hedged.policy.revision": "0123456789ab", "http.request.method": "GET",
			"url.full":       "http://REDACTED:REDACTED@catalog.shop/items/7?q=1&sig=REDACTED",
			"server.address": "catalog", "network.peer.port": int64(80),
		}
		for k, v := range more {
			attrs[k] = v
		}
		return attrs
	}
	f(call, "GET /items/", "SERVER", callerSpan, "UNSET", 0, otlptest.Attributes{
		"hedged.policy": "shop/catalog", "hedged.policy.revision": "0123456789ab",
		"http.request.method": "GET", "http.route": "/items/", "url.scheme": "http", "url.path": "/items/7",
		"network.protocol.version": "1.1", "user_agent.original": "curl/8",
		"server.address": "catalog.shop", "server.port": int64(8080),
		"client.address": "192.0.2.1", "client.port": int64(4711),
		"network.peer.address": "192.0.2.1", "network.peer.port": int64(4711),
		"http.response.status_code": int64(200), "hedged.attempts": int64(3), "hedged.winner": int64(3),
		"hedged.suppressed": []any{"4:stagger:budget"}, "hedged.plan.fan_out": int64(4),
		"hedged.plan.state": "steady", "hedged.plan.rule": "tail", "hedged.plan.reason": "fixed stagger of 10ms",
	})
	f(byNumber[int64(1)], "GET", "CLIENT", call.SpanID, "ERROR", 15*time.Millisecond, attempt(otlptest.Attributes{
		"hedged.attempt.number": int64(1), "hedged.attempt.trigger": "initial", "hedged.attempt.outcome": "failed",
		"hedged.attempt.verdict": "non-fatal", "network.peer.address": "10.0.0.1",
		"http.response.status_code": int64(503), "error.type": "503",
	}))
	f(byNumber[int64(2)], "GET", "CLIENT", call.SpanID, "UNSET", 25*time.Millisecond, attempt(otlptest.Attributes{
		"hedged.attempt.number": int64(2), "hedged.attempt.trigger": "stagger", "hedged.attempt.outcome": "lost",
		"network.peer.address": "10.0.0.2", "http.request.resend_count": int64(1),
	}))
	f(byNumber[int64(3)], "GET", "CLIENT", call.SpanID, "UNSET", 22*time.Millisecond, attempt(otlptest.Attributes{
		"hedged.attempt.number": int64(3), "hedged.attempt.trigger": "failure", "hedged.attempt.outcome": "won",
		"network.peer.address": "2001:db8::3", "http.request.resend_count": int64(2),
		"http.response.status_code": int64(200),
	}))
	if gap := byNumber[int64(2)].Start.Sub(byNumber[int64(1)].Start); gap != 10*time.Millisecond {
		t.Errorf("the hedge started %v after the first attempt, want 10ms", gap)
	}
}

// The spans of a call as a collector gets them, over both protocols of OTLP.
func TestSpansOverOTLP(t *testing.T) {
	f := func(protocol string, endpoint func(*otlptest.Receiver) string) {
		t.Helper()
		t.Run(protocol, func(t *testing.T) {
			r := otlptest.Start(t)
			tel := setup(t, telemetry.Options{Service: "hedged", Version: "1.2.3", Instance: "pod-1"}, env{
				"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint(r), "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
			})
			rescued(tel)
			shutdown(t, tel)
			checkRescued(t, r.Spans())
		})
	}
	f("http/protobuf", func(r *otlptest.Receiver) string { return r.HTTP })
	f("grpc", func(r *otlptest.Receiver) string { return r.GRPC })
}

// What mode Shadow would have done is on the call's span; there are no others.
func TestShadowIsOnTheCallsSpan(t *testing.T) {
	f := func(shadow *telemetry.Shadow, attempts, suppressed string) {
		t.Helper()
		tel, spans := recording(t, nil)
		tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: "GET"}).End(telemetry.CallEnd{Status: 200, Shadow: shadow})
		got := spans()
		if len(got) != 1 {
			t.Fatalf("%d spans, want 1", len(got))
		}
		for key, want := range map[attribute.Key]string{telemetry.ShadowAttemptsKey: attempts, telemetry.ShadowSuppressedKey: suppressed} {
			if v, ok := got[0].attrs[key]; ok != (want != "") || ok && v.String() != want {
				t.Errorf("%s is %s, want %q", key, v.String(), want)
			}
		}
	}
	f(nil, "", "")
	f(&telemetry.Shadow{}, "1", "")
	f(&telemetry.Shadow{
		Launched:   []hedge.Trigger{hedge.Stagger, hedge.Failure},
		Suppressed: []hedge.Suppression{{Number: 4, Trigger: hedge.Stagger, Reason: hedge.Draw}},
	}, "3", `["4:stagger:draw"]`)
}

// The status of a span follows our classification of how the attempt ended.
func TestAttemptStatus(t *testing.T) {
	f := func(name string, e telemetry.AttemptEnd, outcome, status, errorType, message string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			tel, spans := recording(t, nil)
			c := tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: "GET"})
			c.Attempt(telemetry.AttemptStart{Number: 1, Method: "GET"}).End(e)
			got := spans()
			if len(got) != 1 {
				t.Fatalf("%d spans have ended, want 1", len(got))
			}
			if got[0].status != status || got[0].message != message || got[0].events != 0 {
				t.Errorf("status %s %q with %d events, want %s %q", got[0].status, got[0].message, got[0].events, status, message)
			}
			if got[0].text("hedged.attempt.outcome") != outcome || got[0].text("error.type") != errorType {
				t.Errorf("outcome %q, error.type %q, want %q, %q",
					got[0].text("hedged.attempt.outcome"), got[0].text("error.type"), outcome, errorType)
			}
		})
	}
	f("won", telemetry.AttemptEnd{End: hedge.Won, Status: 200}, "won", "Unset", "", "")
	f("won with a 404", telemetry.AttemptEnd{End: hedge.Won, Status: 404}, "won", "Unset", "", "")
	f("won with a 500 that the policy accepts", telemetry.AttemptEnd{End: hedge.Won, Status: 500}, "won", "Unset", "", "")
	f("won, then broke off", telemetry.AttemptEnd{End: hedge.Won, Status: 200, Err: syscall.ECONNRESET},
		"won", "Error", "connection_reset", "connection reset by peer")
	f("won, then the client left", telemetry.AttemptEnd{End: hedge.Won, Status: 200, Err: context.Canceled}, "won", "Unset", "", "")
	f("non-fatal", telemetry.AttemptEnd{End: hedge.Failed, Verdict: hedge.NonFatal, Status: 503}, "failed", "Error", "503", "")
	f("fatal", telemetry.AttemptEnd{End: hedge.Failed, Verdict: hedge.Fatal, Status: 400}, "failed", "Error", "400", "")
	f("no answer", telemetry.AttemptEnd{End: hedge.Failed, Verdict: hedge.NonFatal, Err: syscall.ECONNREFUSED},
		"failed", "Error", "connection_refused", "connection refused")
	f("cut off", telemetry.AttemptEnd{End: hedge.Failed, Verdict: hedge.NonFatal, Status: 200, Err: syscall.ECONNRESET},
		"failed", "Error", "connection_reset", "connection reset by peer")
	f("no reason", telemetry.AttemptEnd{End: hedge.Failed, Verdict: hedge.NonFatal}, "failed", "Error", "_OTHER", "")
	f("attempt timeout", telemetry.AttemptEnd{End: hedge.TimedOut, Err: syscall.ECONNRESET}, "timed_out", "Error", "timeout", "the attempt timeout")
	f("deadline", telemetry.AttemptEnd{End: hedge.TimedOut, Deadline: true}, "timed_out", "Error", "timeout", "the call's deadline")
	f("client gone", telemetry.AttemptEnd{End: hedge.ClientGone, Err: context.Canceled}, "client_gone", "Unset", "", "")
	f("not sent", telemetry.AttemptEnd{End: hedge.Rejected, Verdict: hedge.NotSent}, "rejected", "Unset", "", "")
	f("not sent for an error", telemetry.AttemptEnd{End: hedge.Rejected, Verdict: hedge.NotSent, Err: syscall.ECONNREFUSED},
		"rejected", "Error", "connection_refused", "connection refused")
}

// P30: a lost attempt is no error, whatever error cancelling it brought about:
// else every race that was won shows red.
func TestP30LostAttemptIsNoError(t *testing.T) {
	for _, err := range []error{nil, context.Canceled, syscall.ECONNRESET, errors.New("http2: stream closed")} {
		for _, status := range []int{0, 200, 503} {
			tel, spans := recording(t, nil)
			c := tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: "GET"})
			c.Attempt(telemetry.AttemptStart{Number: 2, Trigger: hedge.Stagger, Method: "GET"}).
				End(telemetry.AttemptEnd{End: hedge.Lost, Verdict: hedge.NonFatal, Status: status, Err: err})
			got := spans()
			if len(got) != 1 {
				t.Fatalf("%d spans have ended, want 1", len(got))
			}
			if s := got[0]; s.status != "Unset" || s.message != "" || s.events != 0 || s.text("error.type") != "" {
				t.Errorf("after %v: status %s %q, %d events, error.type %q", err, s.status, s.message, s.events, s.text("error.type"))
			}
		}
	}
}

// The status of a call's span is that of what the client was sent.
func TestCallStatus(t *testing.T) {
	f := func(name string, e telemetry.CallEnd, status, errorType string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			tel, spans := recording(t, nil)
			tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: "GET"}).End(e)
			got := spans()
			if len(got) != 1 || got[0].status != status || got[0].text("error.type") != errorType {
				t.Errorf("got %+v, want %s %s", got, status, errorType)
			}
		})
	}
	f("answered", telemetry.CallEnd{Status: 200}, "Unset", "")
	f("not found", telemetry.CallEnd{Status: 404, Failed: true}, "Unset", "")
	f("no policy", telemetry.CallEnd{Status: 404, Failed: true, ErrorType: "no_policy"}, "Unset", "")
	f("bad answer", telemetry.CallEnd{Status: 503, Failed: true}, "Error", "503")
	f("deadline", telemetry.CallEnd{Status: 504, Failed: true, ErrorType: telemetry.ErrorTimeout}, "Error", "timeout")
	f("cut off", telemetry.CallEnd{Status: 200, Failed: true, ErrorType: "connection_reset"}, "Error", "connection_reset")
	f("client gone", telemetry.CallEnd{Status: 0, Failed: true, ClientGone: true, ErrorType: "canceled"}, "Unset", "")
}

func TestSpanNames(t *testing.T) {
	f := func(method, route, call, attempt string) {
		t.Helper()
		tel, spans := recording(t, nil)
		c := tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: method, Route: route, Path: "/secret/path"})
		c.Attempt(telemetry.AttemptStart{Number: 1, Method: method}).End(telemetry.AttemptEnd{})
		c.End(telemetry.CallEnd{Status: 200})
		got := spans()
		if got[0].name != attempt || got[1].name != call {
			t.Errorf("%s %s: attempt %q, call %q, want %q, %q", method, route, got[0].name, got[1].name, attempt, call)
		}
		if got[1].kind != "server" || got[0].kind != "client" || got[0].parent != got[1].id {
			t.Errorf("%s %s: %+v", method, route, got)
		}
	}
	f("GET", "/items/", "GET /items/", "GET")
	f("POST", "", "POST", "POST")
	f("BREW", "/pot", "HTTP /pot", "HTTP")
	f("get", "", "HTTP", "HTTP")
}

func TestUnknownMethodIsKept(t *testing.T) {
	tel, spans := recording(t, nil)
	tel.Recorder("", "", "").Call(t.Context(), nil, telemetry.CallStart{Method: "BREW", Host: "teapot", Peer: "@"}).End(telemetry.CallEnd{})
	s := spans()[0]
	if s.text("http.request.method") != "_OTHER" || s.text("http.request.method_original") != "BREW" {
		t.Errorf("method %q, written %q", s.text("http.request.method"), s.text("http.request.method_original"))
	}
	if s.text("server.address") != "teapot" || s.text("client.address") != "@" || s.text("hedged.policy") != "" {
		t.Errorf("attributes %v", s.attrs)
	}
}

// What an attempt sends on is its own span when it has one, and always a trace.
func TestInject(t *testing.T) {
	f := func(name string, e env, processors bool, traceparent, want string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			var tel *telemetry.Telemetry
			if processors {
				tel, _ = recording(t, e)
			} else {
				tel = setup(t, telemetry.Options{}, e)
			}
			in, out := propagation.MapCarrier{}, propagation.MapCarrier{}
			if traceparent != "" {
				in["traceparent"] = traceparent
			}
			in["baggage"] = "tenant=blue"
			c := tel.Recorder("p", "r", "u").Call(t.Context(), in, telemetry.CallStart{Method: "GET"})
			a := c.Attempt(telemetry.AttemptStart{Number: 1, Method: "GET"})
			a.Inject(out)
			if got := shape(out["traceparent"], traceparent); got != want {
				t.Errorf("traceparent %q is %s, want %s", out["traceparent"], got, want)
			}
			if out["baggage"] != "tenant=blue" {
				t.Errorf("baggage %q", out["baggage"])
			}
			a.End(telemetry.AttemptEnd{})
			c.End(telemetry.CallEnd{})
		})
	}
	sampled, unsampled := "00-"+callerTrace+"-"+callerSpan+"-01", "00-"+callerTrace+"-"+callerSpan+"-00"
	f("recorded", nil, true, "", "new trace, sampled")
	f("recorded, caller's trace", nil, true, sampled, "caller's trace, new span, sampled")
	f("caller did not sample", nil, true, unsampled, "caller's trace, new span, not sampled")
	f("never sampled", env{"OTEL_TRACES_SAMPLER": "always_off"}, true, "", "new trace, not sampled")
	f("never sampled, caller's trace", env{"OTEL_TRACES_SAMPLER": "always_off"}, true, sampled, "caller's trace, new span, not sampled")
	f("nothing exported", nil, false, sampled, "as it came")
	f("nothing exported, no trace", nil, false, "", "none")
	f("disabled", env{"OTEL_SDK_DISABLED": "true"}, true, sampled, "as it came")
}

// The span that an attempt sends on is the attempt's own, so that what the
// upstream records hangs beneath the attempt that called it.
func TestInjectNamesTheAttempt(t *testing.T) {
	tel, spans := recording(t, nil)
	c := tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{Method: "GET"})
	var sent []string
	for n := range 2 {
		out := telemetry.Header{}
		a := c.Attempt(telemetry.AttemptStart{Number: n + 1, Method: "GET"})
		a.Inject(out)
		a.End(telemetry.AttemptEnd{})
		sent = append(sent, out.Get("traceparent")[36:52])
	}
	if got := spans(); sent[0] != got[0].id || sent[1] != got[1].id || sent[0] == sent[1] {
		t.Errorf("sent on %v, attempts are %v and %v", sent, got[0].id, got[1].id)
	}
}

// shape says in words what out is, given what came in.
func shape(out, in string) string {
	switch {
	case out == "":
		return "none"
	case out == in:
		return "as it came"
	case len(out) != 55:
		return "malformed"
	}
	words := "new trace"
	if out[3:35] == callerTrace {
		words = "caller's trace, new span"
		if out[36:52] == callerSpan {
			words = "caller's trace, caller's span"
		}
	}
	if out[53:] == "01" {
		return words + ", sampled"
	}
	return words + ", not sampled"
}

// Bytes that are not UTF-8 are no reason for a collector to miss a span.
func TestWhatIsNotUTF8IsSent(t *testing.T) {
	r := otlptest.Start(t)
	tel := setup(t, telemetry.Options{Service: "hedged"}, env{"OTEL_EXPORTER_OTLP_ENDPOINT": r.HTTP})
	c := tel.Recorder("p", "r", "u").Call(t.Context(), nil, telemetry.CallStart{
		Method: "POST", Path: "/a\xff", UserAgent: "\xfe", RPC: "a\xff",
	})
	c.Attempt(telemetry.AttemptStart{Number: 1, Method: "POST", URL: "http://u/?\xff"}).End(telemetry.AttemptEnd{})
	c.End(telemetry.CallEnd{Status: 200})
	shutdown(t, tel)
	if spans := r.Spans(); len(spans) != 2 {
		t.Errorf("%d spans were sent, want 2", len(spans))
	}
}
