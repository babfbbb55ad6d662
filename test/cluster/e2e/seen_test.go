package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/trace"
)

// seen is what Jaeger has of a test's calls.
type seen struct {
	t      *testing.T
	jaeger *trace.Jaeger
	search trace.Search
	traces map[string]*trace.Trace // by id, those of calls that policies match
}

// collect waits until Jaeger has every call, every attempt, and what the upstream
// has to say of them: spans are exported some seconds late.
func (s *seen) collect(calls, launched, asked int) {
	s.t.Helper()
	what := fmt.Sprintf("%d calls, %d attempts and %d spans of the upstream in Jaeger", calls, launched, asked)
	took := eventually(s.t, what, time.Minute, func(ctx context.Context) error {
		s.search.To = time.Now()
		found, err := s.jaeger.Find(ctx, s.search)
		if err != nil {
			return err
		}
		s.traces = map[string]*trace.Trace{}
		for n := range found {
			for _, c := range found[n].Calls() {
				if c.Span.Attributes.Has("hedged.policy") {
					s.traces[found[n].ID] = &found[n]
				}
			}
		}
		if attempts, served, _ := s.sums(); len(s.traces) < calls || attempts < launched || served < asked {
			pass(time.Second)
			return fmt.Errorf("%w: %d, %d and %d", errNotYet, len(s.traces), attempts, served)
		}
		return nil
	})
	note(s.t, "all spans in Jaeger", "after "+took.Round(100*time.Millisecond).String(), nil)
}

// sums are how many attempts there are, and spans of the upstream beneath them, and
// attempts by trigger and outcome.
func (s *seen) sums() (attempts, served int, kinds map[string]int) {
	kinds = map[string]int{}
	for _, tr := range s.traces {
		for _, c := range tr.Calls() {
			attempts += len(c.Attempts)
			for _, a := range c.Attempts {
				served += len(a.Served)
				kinds[a.Trigger()+" "+a.Outcome()]++
			}
		}
	}
	return attempts, served, kinds
}

// checked holds each call's trace, asked for by its id, to the rules and to what
// the client knows.
func (s *seen) checked(calls []recorded) {
	s.t.Helper()
	byPath := map[string]string{}
	for id, tr := range s.traces {
		for _, c := range tr.Calls() {
			byPath[c.Span.Attributes.Text("url.path")] = id
		}
	}
	expected := trace.Expected{Upstream: "upstream", Precision: 3 * time.Millisecond, Notice: time.Second}
	var wrong []string
	for _, c := range calls {
		id := c.id
		if id == "" {
			id = byPath[c.path]
		}
		tr, err := s.jaeger.Trace(s.t.Context(), id)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s (trace %q): %v", c.path, id, err))
			continue
		}
		s.traces[id] = &tr // with what has come since
		found := agrees(&tr, c)
		for _, v := range trace.Check(&tr, expected) {
			found = append(found, v.String())
		}
		if len(found) > 0 {
			wrong = append(wrong, strings.Join(found, "\n")+"\n"+tr.String())
		}
	}
	s.tell(wrong)
	hold(s.t, len(wrong) == 0, fmt.Sprintf("traces of %d calls: one SERVER span, a CLIENT span per attempt, parents, times and outcomes", len(calls)),
		fmt.Sprintf("%d wrong", len(wrong)), "none", nil)
}

// tell logs the first of what is wrong.
func (s *seen) tell(wrong []string) {
	s.t.Helper()
	for _, text := range wrong[:min(len(wrong), 10)] {
		s.t.Log(text)
	}
}

// agrees holds a trace to what its client knows: whose trace it is, what it was
// answered, and by which pod.
func agrees(tr *trace.Trace, r recorded) (wrong []string) {
	calls := tr.Calls()
	if len(calls) != 1 {
		return []string{fmt.Sprintf("trace %s has %d SERVER spans of hedged", tr.ID, len(calls))}
	}
	c := calls[0]
	if c.Span.Parent != r.span {
		wrong = append(wrong, fmt.Sprintf("the call's parent is %q, and the client's span is %q", c.Span.Parent, r.span))
	}
	if told := c.Span.Attributes.Int("http.response.status_code"); r.status != 0 && told != r.status {
		wrong = append(wrong, fmt.Sprintf("the client was answered %d, and the span says %d", r.status, told))
	}
	if winner := c.Winner(); winner > 0 && winner <= len(c.Attempts) && r.answer != "" {
		for _, served := range c.Attempts[winner-1].Served {
			if served.Instance != r.answer {
				wrong = append(wrong, fmt.Sprintf("pod %s answered, and beneath the winner is the span of %s", r.answer, served.Instance))
			}
		}
	}
	return wrong
}

// counted holds the spans to what hedged and the upstream have counted themselves.
func (s *seen) counted(launched, asked int) {
	s.t.Helper()
	attempts, served, kinds := s.sums()
	hold(s.t, attempts == launched, "CLIENT spans, and attempts that hedged counted", fmt.Sprintf("%d, %d", attempts, launched), "the same", kinds)
	hold(s.t, served == asked, "SERVER spans of the upstream, and calls that it counted", fmt.Sprintf("%d, %d", served, asked), "the same", nil)
	note(s.t, "attempts by trigger and outcome", fmt.Sprint(kinds), kinds)
}

// errors asks Jaeger for error=true as its page does: what it finds are the calls
// with a failure, and none that only lost a race.
func (s *seen) errors() {
	s.t.Helper()
	found, err := s.jaeger.Tagged(s.t.Context(), s.search, "error", "true")
	if err != nil {
		s.t.Fatal(err)
	}
	lost, shown := 0, 0
	var wrong []string
	for id, tr := range s.traces {
		red := map[string]bool{}
		for _, span := range found[id] {
			red[span] = true
		}
		failures := 0
		for n := range tr.Spans {
			span := &tr.Spans[n]
			if span.Service != trace.Service {
				continue
			}
			if span.Error {
				failures++
			}
			if red[span.ID] {
				shown++
				if span.Attributes.Text("hedged.attempt.outcome") == "lost" {
					lost++
				}
			}
			if _, ok := found[id]; ok && red[span.ID] != span.Error {
				wrong = append(wrong, fmt.Sprintf("trace %s, span %s: error=%v in the search, and the status is Error: %v", id, span.ID, red[span.ID], span.Error))
			}
		}
		if _, ok := found[id]; ok != (failures > 0) {
			wrong = append(wrong, fmt.Sprintf("trace %s has %d failures, and the search has it: %v", id, failures, ok))
		}
	}
	s.tell(wrong)
	hold(s.t, lost == 0 && len(wrong) == 0 && shown > 0, "search for error=true",
		fmt.Sprintf("%d traces, %d spans of hedged, %d lost attempts, %d wrong", len(found), shown, lost, len(wrong)), "every failure, and no lost attempt", nil)
}
