package trace

import (
	"fmt"
	"time"
)

// Violation is one thing that is wrong with a trace.
type Violation struct {
	Trace, Span string
	Rule        Rule
	What        string
}

func (v Violation) String() string {
	return fmt.Sprintf("trace %s, span %s: %s: %s", v.Trace, v.Span, v.Rule, v.What)
}

// Rule is what a violation breaks.
type Rule string

// The rules.
const (
	Count     Rule = "count"     // a SERVER span for each call, a CLIENT span for each attempt
	Parent    Rule = "parent"    // attempts are siblings beneath their call, what they called is beneath them
	Time      Rule = "time"      // what is beneath a span is within it, and in its order
	Outcome   Rule = "outcome"   // how attempts and calls ended, and which ends are errors
	Attribute Rule = "attribute" // what is told, and how spans are named
)

// Expected is what the rules have to know besides the trace.
type Expected struct {
	// Upstream is the service that the upstream's own spans are of; "" if it makes
	// none.
	Upstream string
	// Precision is how well the clocks agree.
	Precision time.Duration
	// Notice is how long an upstream may take to notice that nobody waits for it
	// any more.
	Notice time.Duration
}

// Check returns everything that is wrong with a trace of hedged's calls.
func Check(t *Trace, e Expected) []Violation {
	c := &checker{trace: t, expected: e}
	calls := t.Calls()
	if len(calls) == 0 {
		c.add(Count, "", "no SERVER span of %s", Service)
	}
	c.orphans(calls)
	for i := range calls {
		call := &calls[i]
		c.numbers(call)
		c.times(call)
		c.outcomes(call)
		c.attributes(call)
	}
	return c.violations
}

// checker collects violations.
type checker struct {
	trace      *Trace
	expected   Expected
	violations []Violation
}

func (c *checker) add(r Rule, span, format string, more ...any) {
	c.violations = append(c.violations, Violation{c.trace.ID, span, r, fmt.Sprintf(format, more...)})
}

// orphans finds spans that no call's tree holds. A call's own parent is its
// client's: that client may export no spans, so it need not be in the trace.
func (c *checker) orphans(calls []Call) {
	held := map[string]bool{}
	for _, call := range calls {
		held[call.Span.ID] = true
		for _, a := range call.Attempts {
			held[a.Span.ID] = true
			for _, s := range a.Served {
				held[s.ID] = true
			}
		}
	}
	for i := range c.trace.Spans {
		s := &c.trace.Spans[i]
		ours := s.Service == Service || c.expected.Upstream != "" && s.Service == c.expected.Upstream
		if ours && !held[s.ID] {
			c.add(Parent, s.ID, "the %s span %q of %s is beneath %q, which is no call and no attempt of %s", s.Kind, s.Name, s.Service, s.Parent, Service)
		}
	}
}

// numbers holds a call to one span for each attempt, numbered from 1, and to at
// most one span of the upstream beneath each.
func (c *checker) numbers(call *Call) {
	if told := call.Span.Attributes.Int("hedged.attempts"); told != len(call.Attempts) {
		c.add(Count, call.Span.ID, "hedged.attempts is %d, and there are %d spans of attempts", told, len(call.Attempts))
	}
	for i, a := range call.Attempts {
		if a.Number() != i+1 {
			c.add(Count, a.Span.ID, "attempt number %d stands where %d should be", a.Number(), i+1)
		}
		switch {
		case len(a.Served) > 1:
			c.add(Count, a.Span.ID, "attempt %d was served %d times", a.Number(), len(a.Served))
		case len(a.Served) == 0 && c.expected.Upstream != "" && a.Outcome() == "won":
			c.add(Count, a.Span.ID, "attempt %d won, and the upstream has no span of it", a.Number())
		}
		for _, s := range a.Served {
			c.served(&a, s)
		}
	}
}

// served holds an upstream's span to being of the attempt that it is beneath.
func (c *checker) served(a *Attempt, s *Span) {
	if s.Kind != Server {
		c.add(Parent, s.ID, "a %s span is beneath attempt %d; a SERVER span should be", s.Kind, a.Number())
	}
	if told := s.Attributes.Texts("http.request.header.hedged-attempt"); len(told) > 0 && told[0] != fmt.Sprint(a.Number()) {
		c.add(Parent, s.ID, "the upstream was told attempt %s, and its span is beneath attempt %d", told[0], a.Number())
	}
	status, got := a.Span.Attributes.Int("http.response.status_code"), s.Attributes.Int("http.response.status_code")
	if status != 0 && got != 0 && status != got {
		c.add(Outcome, s.ID, "the upstream answered %d, and attempt %d got %d", got, a.Number(), status)
	}
}
