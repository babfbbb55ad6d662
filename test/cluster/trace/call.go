package trace

import (
	"cmp"
	"slices"
)

// Service is what hedged calls itself in traces.
const Service = "hedged"

// Call is one call that hedged carried out, as a trace shows it.
type Call struct {
	Span     *Span
	Attempts []Attempt // in order of their numbers
}

// Attempt is one attempt of a call.
type Attempt struct {
	Span   *Span
	Served []*Span // the upstream's spans beneath it
}

// Number is the attempt's, from 1.
func (a *Attempt) Number() int { return a.Span.Attributes.Int("hedged.attempt.number") }

// Trigger says why the attempt was launched: initial, stagger, failure.
func (a *Attempt) Trigger() string { return a.Span.Attributes.Text("hedged.attempt.trigger") }

// Outcome says how the attempt ended: won, lost, failed and so on.
func (a *Attempt) Outcome() string { return a.Span.Attributes.Text("hedged.attempt.outcome") }

// Winner is the number of the attempt that won; 0 if none did.
func (c *Call) Winner() int { return c.Span.Attributes.Int("hedged.winner") }

// Calls returns the calls of a trace, in order of their start. There are several
// where the client makes several in one trace of its own, or where hedged calls
// hedged.
func (t *Trace) Calls() []Call {
	var calls []Call
	for i := range t.Spans {
		s := &t.Spans[i]
		if s.Service != Service || s.Kind != Server {
			continue
		}
		c := Call{Span: s}
		for _, child := range t.children(s.ID) {
			if child.Service == Service && child.Kind == Client {
				c.Attempts = append(c.Attempts, Attempt{child, t.children(child.ID)})
			}
		}
		slices.SortStableFunc(c.Attempts, func(a, b Attempt) int { return cmp.Compare(a.Number(), b.Number()) })
		calls = append(calls, c)
	}
	return calls
}
