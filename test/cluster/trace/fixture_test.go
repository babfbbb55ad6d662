package trace_test

import (
	"flag"
	"maps"
	"time"

	"hedged.dev/hedged/test/cluster/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

// begin is when the calls of these tests arrive.
func begin() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// exactly is what the rules expect where all clocks are one.
func exactly() trace.Expected {
	return trace.Expected{Upstream: "upstream", Precision: time.Millisecond, Notice: 20 * time.Millisecond}
}

// really is what the rules expect on a machine that is busy.
func really() trace.Expected {
	return trace.Expected{Upstream: "upstream", Precision: 3 * time.Millisecond, Notice: 100 * time.Millisecond}
}

// span makes one that lasts from and to so many milliseconds after the call began.
func span(id, parent, service, name string, kind trace.Kind, from, to float64, attributes trace.Attributes) trace.Span {
	at := func(ms float64) time.Time { return begin().Add(time.Duration(ms * float64(time.Millisecond))) }
	return trace.Span{
		ID: id, Parent: parent, Service: service, Name: name, Kind: kind, Start: at(from), End: at(to),
		Attributes: attributes,
	}
}

// callSpan is a call's, with what every call tells.
func callSpan(to float64, more trace.Attributes) trace.Span {
	a := trace.Attributes{
		"http.request.method": "GET", "url.scheme": "http", "url.path": "/item/17", "network.protocol.version": "1.1",
		"server.address": "catalog.test", "client.address": "10.244.0.1", "hedged.policy": "shop/catalog",
		"hedged.policy.revision": "5c2e", "hedged.plan.fan_out": int64(3),
	}
	maps.Copy(a, more)
	return span("call", "", trace.Service, "GET", trace.Server, 0, to, a)
}

// attemptSpan is an attempt's, with what every attempt tells.
func attemptSpan(n int64, trigger, outcome string, from, to float64, more trace.Attributes) trace.Span {
	a := trace.Attributes{
		"http.request.method": "GET", "url.full": "http://catalog.test/item/17", "server.address": "shop/catalog",
		"network.peer.address": "10.244.0.7", "network.peer.port": int64(8080), "hedged.policy": "shop/catalog",
		"hedged.policy.revision": "5c2e", "hedged.attempt.number": n, "hedged.attempt.trigger": trigger,
		"hedged.attempt.outcome": outcome,
	}
	if n > 1 {
		a["http.request.resend_count"] = n - 1
	}
	maps.Copy(a, more)
	return span("attempt"+string(rune('0'+n)), "call", trace.Service, "GET", trace.Client, from, to, a)
}

// servedSpan is the upstream's of an attempt.
func servedSpan(n int64, from, to float64, more trace.Attributes) trace.Span {
	number := string(rune('0' + n))
	a := trace.Attributes{"http.request.header.hedged-attempt": []any{number}}
	maps.Copy(a, more)
	return span("served"+number, "attempt"+number, "upstream", "GET", trace.Server, from, to, a)
}

func failing(s trace.Span) trace.Span {
	s.Error = true
	return s
}

func answered(status int64) trace.Attributes {
	return trace.Attributes{"http.response.status_code": status}
}

// single is a call that needed one attempt.
func single() *trace.Trace {
	return &trace.Trace{ID: "single", Spans: []trace.Span{
		callSpan(9, trace.Attributes{"hedged.attempts": int64(1), "hedged.winner": int64(1), "http.response.status_code": int64(200)}),
		attemptSpan(1, "initial", "won", 0.2, 8, answered(200)),
		servedSpan(1, 1, 7, answered(200)),
	}}
}

// hedge is a call whose hedge won. The upstream noticed a little later that nobody
// waited for the first attempt any more.
func hedge() *trace.Trace {
	return &trace.Trace{ID: "hedge", Spans: []trace.Span{
		callSpan(60, trace.Attributes{"hedged.attempts": int64(2), "hedged.winner": int64(2), "http.response.status_code": int64(200)}),
		attemptSpan(1, "initial", "lost", 0.2, 59, nil),
		servedSpan(1, 1, 63, nil),
		attemptSpan(2, "stagger", "won", 50, 59, answered(200)),
		servedSpan(2, 51, 58, answered(200)),
	}}
}

// retry is a call that a retry rescued: the attempt is an error, the call is none.
func retry() *trace.Trace {
	return &trace.Trace{ID: "retry", Spans: []trace.Span{
		callSpan(20, trace.Attributes{
			"hedged.attempts": int64(2), "hedged.winner": int64(2), "http.response.status_code": int64(404),
			"hedged.suppressed": []any{"3:stagger:budget"},
		}),
		failing(attemptSpan(1, "initial", "failed", 0.2, 5, trace.Attributes{
			"http.response.status_code": int64(503), "error.type": "503", "hedged.attempt.verdict": "non-fatal",
		})),
		failing(servedSpan(1, 1, 4, answered(503))),
		attemptSpan(2, "failure", "won", 5.1, 19, answered(404)),
		servedSpan(2, 6, 18, answered(404)),
	}}
}

// deadline is a call that met its deadline: one attempt was reset, the other was
// never answered.
func deadline() *trace.Trace {
	return &trace.Trace{ID: "deadline", Spans: []trace.Span{
		failing(callSpan(250, trace.Attributes{
			"hedged.attempts": int64(2), "http.response.status_code": int64(504), "error.type": "timeout",
		})),
		failing(attemptSpan(1, "initial", "failed", 0.2, 5, trace.Attributes{
			"error.type": "connection_reset", "hedged.attempt.verdict": "non-fatal",
		})),
		failing(servedSpan(1, 1, 5, nil)),
		failing(attemptSpan(2, "failure", "timed_out", 5.1, 249.5, trace.Attributes{"error.type": "timeout"})),
		servedSpan(2, 6, 252, nil),
	}}
}
