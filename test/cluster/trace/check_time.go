package trace

import "time"

// times holds a call's spans to their order.
func (c *checker) times(call *Call) {
	for i := range call.Attempts {
		a := &call.Attempts[i]
		c.within(a.Span, call.Span, c.expected.Precision)
		if i > 0 && before(a.Span.Start, call.Attempts[i-1].Span.Start, c.expected.Precision) {
			c.add(Time, a.Span.ID, "attempt %d was launched before attempt %d", a.Number(), i)
		}
		c.triggered(call, i)
		for _, s := range a.Served {
			notice := c.expected.Precision
			if o := a.Outcome(); o == "lost" || o == "timed_out" || o == "client_gone" {
				notice += c.expected.Notice
			}
			c.within(s, a.Span, notice)
		}
	}
}

// within holds a span to its parent's time; it may end so much later.
func (c *checker) within(s, parent *Span, late time.Duration) {
	if s.End.Before(s.Start) {
		c.add(Time, s.ID, "it ends before it starts")
	}
	if before(s.Start, parent.Start, c.expected.Precision) {
		c.add(Time, s.ID, "it starts %v before its parent", parent.Start.Sub(s.Start))
	}
	if before(parent.End, s.End, late) {
		c.add(Time, s.ID, "it ends %v after its parent", s.End.Sub(parent.End))
	}
}

// triggered holds an attempt's trigger to what was going on when it was launched.
func (c *checker) triggered(call *Call, i int) {
	a := &call.Attempts[i]
	start := a.Span.Start
	unanswered, failed := false, false
	for _, earlier := range call.Attempts[:i] {
		open := before(start, earlier.Span.End, -c.expected.Precision)
		unanswered = unanswered || open
		ended := !before(start, earlier.Span.End, c.expected.Precision)
		failed = failed || ended && earlier.Outcome() != "won" && earlier.Outcome() != "lost"
		if ended && !open && earlier.Outcome() == "won" {
			c.add(Time, a.Span.ID, "attempt %d was launched after attempt %d had won", a.Number(), earlier.Number())
		}
	}
	switch trigger := a.Trigger(); {
	case (trigger == "initial") != (i == 0):
		c.add(Outcome, a.Span.ID, "the trigger of attempt %d is %q", a.Number(), trigger)
	case trigger == "stagger" && !unanswered:
		c.add(Time, a.Span.ID, "attempt %d is a hedge, and no earlier one was unanswered", a.Number())
	case trigger == "failure" && !failed:
		c.add(Time, a.Span.ID, "attempt %d is a retry, and no earlier one had failed", a.Number())
	case trigger != "initial" && trigger != "stagger" && trigger != "failure":
		c.add(Attribute, a.Span.ID, "the trigger of attempt %d is %q", a.Number(), trigger)
	}
}

// before says whether a is before b by more than a time.
func before(a, b time.Time, by time.Duration) bool { return b.Sub(a) > by }
