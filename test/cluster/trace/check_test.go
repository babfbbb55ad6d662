package trace_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/trace"
)

func TestNothingIsWrongWithGoodTraces(t *testing.T) {
	for _, good := range []*trace.Trace{single(), hedge(), retry(), deadline()} {
		for _, v := range trace.Check(good, exactly()) {
			t.Error(v)
		}
	}
}

// TestEveryFaultIsFound breaks a good trace in one way each time.
func TestEveryFaultIsFound(t *testing.T) {
	f := func(good *trace.Trace, id string, rule trace.Rule, part string, spoil func(*trace.Span)) {
		t.Helper()
		i := slices.IndexFunc(good.Spans, func(s trace.Span) bool { return s.ID == id })
		spoil(&good.Spans[i])
		found := trace.Check(good, exactly())
		if !slices.ContainsFunc(found, func(v trace.Violation) bool {
			return v.Rule == rule && strings.Contains(v.What, part)
		}) {
			t.Errorf("trace %s: nothing of rule %s says %q: %v", good.ID, rule, part, found)
		}
	}
	set := func(key string, value any) func(*trace.Span) {
		return func(s *trace.Span) { s.Attributes[key] = value }
	}
	drop := func(key string) func(*trace.Span) {
		return func(s *trace.Span) { delete(s.Attributes, key) }
	}
	red := func(s *trace.Span) { s.Error = true }
	later := func(ms float64) func(*trace.Span) {
		return func(s *trace.Span) {
			s.Start, s.End = s.Start.Add(time.Duration(ms*1e6)), s.End.Add(time.Duration(ms*1e6))
		}
	}

	f(single(), "call", trace.Count, "no SERVER span", func(s *trace.Span) { s.Kind = trace.Internal })
	f(hedge(), "call", trace.Count, "hedged.attempts is 3", set("hedged.attempts", int64(3)))
	f(hedge(), "attempt2", trace.Count, "number 3 stands where 2", set("hedged.attempt.number", int64(3)))
	f(single(), "served1", trace.Count, "has no span of it", func(s *trace.Span) { s.Service = "other"; s.Parent = "" })
	f(hedge(), "served2", trace.Count, "served 2 times", func(s *trace.Span) { s.Parent = "attempt1" })

	f(hedge(), "attempt2", trace.Parent, "no call and no attempt", func(s *trace.Span) { s.Parent = "attempt1" })
	f(hedge(), "served1", trace.Parent, "no call and no attempt", func(s *trace.Span) { s.Parent = "call" })
	f(hedge(), "served2", trace.Parent, "was told attempt 1", set("http.request.header.hedged-attempt", []any{"1"}))
	f(hedge(), "served2", trace.Parent, "INTERNAL span", func(s *trace.Span) { s.Kind = trace.Internal })

	f(hedge(), "attempt2", trace.Time, "after its parent", later(5))
	f(hedge(), "attempt1", trace.Time, "before its parent", later(-5))
	f(hedge(), "attempt1", trace.Time, "launched before attempt 1", later(55))
	f(hedge(), "attempt1", trace.Time, "no earlier one was unanswered", func(s *trace.Span) { s.End = s.Start })
	f(retry(), "attempt1", trace.Time, "no earlier one had failed", func(s *trace.Span) { s.End = s.End.Add(10 * time.Millisecond) })
	f(retry(), "attempt1", trace.Time, "had won", func(s *trace.Span) {
		s.Attributes["hedged.attempt.outcome"], s.End = "won", s.Start.Add(time.Millisecond)
	})
	f(hedge(), "served1", trace.Time, "after its parent", later(30))
	f(hedge(), "served2", trace.Time, "after its parent", later(5))
	f(hedge(), "served2", trace.Time, "ends before it starts", func(s *trace.Span) { s.End = s.Start.Add(-1) })

	f(hedge(), "attempt1", trace.Outcome, "[1 2] won", set("hedged.attempt.outcome", "won"))
	f(hedge(), "call", trace.Outcome, "hedged.winner is 1", set("hedged.winner", int64(1)))
	f(hedge(), "call", trace.Outcome, "there is no hedged.winner", drop("hedged.winner"))
	f(hedge(), "attempt1", trace.Outcome, "is no error", red)
	f(hedge(), "attempt1", trace.Outcome, "is no error", set("error.type", "canceled"))
	f(hedge(), "attempt1", trace.Outcome, "records an exception", func(s *trace.Span) { s.Events = []string{"exception"} })
	f(single(), "attempt1", trace.Outcome, "no other attempt's result", set("hedged.attempt.outcome", "lost"))
	f(hedge(), "attempt2", trace.Outcome, "is no error", red)
	f(hedge(), "attempt2", trace.Outcome, "no http.response.status_code", drop("http.response.status_code"))
	f(hedge(), "attempt2", trace.Outcome, "the client was sent 200", set("http.response.status_code", int64(201)))
	f(hedge(), "served2", trace.Outcome, "the upstream answered 404", set("http.response.status_code", int64(404)))
	f(hedge(), "attempt2", trace.Outcome, "is no outcome", set("hedged.attempt.outcome", "cancelled"))
	f(hedge(), "attempt2", trace.Outcome, `trigger of attempt 2 is "initial"`, set("hedged.attempt.trigger", "initial"))
	f(retry(), "attempt1", trace.Outcome, "is an error", func(s *trace.Span) { s.Error = false })
	f(retry(), "attempt1", trace.Outcome, "no hedged.attempt.verdict", drop("hedged.attempt.verdict"))
	f(retry(), "call", trace.Outcome, "its status is Error", red)
	f(retry(), "call", trace.Outcome, "status is Error (503)", func(s *trace.Span) { s.Error = true; s.Attributes["error.type"] = "503" })
	f(deadline(), "call", trace.Outcome, "status is unset", func(s *trace.Span) { s.Error = false; delete(s.Attributes, "error.type") })
	f(deadline(), "attempt2", trace.Outcome, "is an error, timeout", set("error.type", "canceled"))
	f(deadline(), "attempt2", trace.Outcome, `attempt 2 is "lost"`, set("hedged.attempt.outcome", "lost"))

	f(hedge(), "attempt2", trace.Attribute, `the trigger of attempt 2 is "luck"`, set("hedged.attempt.trigger", "luck"))
	f(hedge(), "attempt2", trace.Attribute, "no url.full", drop("url.full"))
	f(hedge(), "attempt2", trace.Attribute, "hedged.policy.revision is", set("hedged.policy.revision", "0000"))
	f(hedge(), "attempt2", trace.Attribute, "http.request.resend_count", drop("http.request.resend_count"))
	f(hedge(), "attempt1", trace.Attribute, "http.request.resend_count", set("http.request.resend_count", int64(0)))
	f(hedge(), "attempt1", trace.Attribute, `is called "GET /item/17"`, func(s *trace.Span) { s.Name = "GET /item/17" })
	f(hedge(), "attempt1", trace.Attribute, `not "shop.Catalog/Get"`, set("rpc.method", "shop.Catalog/Get"))
	f(hedge(), "call", trace.Attribute, `is called "GET /item/17"`, func(s *trace.Span) { s.Name = "GET /item/17" })
	f(hedge(), "call", trace.Attribute, "no hedged.plan.reason", set("hedged.plan.state", "calm"))
	f(retry(), "call", trace.Attribute, "not number:trigger:reason", set("hedged.suppressed", []any{"budget"}))
}

func TestAllFaultsAreTold(t *testing.T) {
	bad := hedge()
	for i := range bad.Spans {
		bad.Spans[i].Attributes = trace.Attributes{}
	}
	if found := trace.Check(bad, exactly()); len(found) < 20 {
		t.Errorf("of a trace without attributes only %d faults are told", len(found))
	}
}
