package trace

import (
	"slices"
	"strconv"
)

// outcomes holds a call to how it and its attempts ended.
func (c *checker) outcomes(call *Call) {
	winner := call.Winner()
	var won []int
	for i := range call.Attempts {
		a := &call.Attempts[i]
		if a.Outcome() == "won" {
			won = append(won, a.Number())
		}
		c.ended(call, a)
	}
	switch {
	case len(won) > 1:
		c.add(Outcome, call.Span.ID, "attempts %v won: at most one may", won)
	case winner != 0 && !slices.Contains(won, winner):
		c.add(Outcome, call.Span.ID, "hedged.winner is %d, and the attempts that won are %v", winner, won)
	case winner == 0 && len(won) > 0:
		c.add(Outcome, call.Span.ID, "attempt %d won, and there is no hedged.winner", won[0])
	}
	c.concluded(call, len(won) > 0)
}

// concluded holds a call's own span to its outcome.
func (c *checker) concluded(call *Call, won bool) {
	s := call.Span
	status, errorType := s.Attributes.Int("http.response.status_code"), s.Attributes.Text("error.type")
	if s.Error != (errorType != "") {
		c.add(Outcome, s.ID, "its status is %s, and its error.type %q", word(s.Error), errorType)
	}
	switch {
	case won && s.Error && errorType != "http_response_incomplete" && errorType != strconv.Itoa(status):
		c.add(Outcome, s.ID, "an attempt won, and the call's status is Error (%s)", errorType)
	case !won && status >= 500 && !s.Error:
		c.add(Outcome, s.ID, "no attempt won, the answer is %d, and the call's status is unset", status)
	}
	if errorType != "timeout" {
		return
	}
	for _, a := range call.Attempts {
		if o := a.Outcome(); o != "timed_out" && o != "failed" && o != "rejected" {
			c.add(Outcome, a.Span.ID, "the call met its deadline, and attempt %d is %q", a.Number(), o)
		}
	}
}

// ended holds an attempt's span to how the attempt ended.
func (c *checker) ended(call *Call, a *Attempt) {
	s, n := a.Span, a.Number()
	status, errorType := s.Attributes.Int("http.response.status_code"), s.Attributes.Text("error.type")
	wrong := func(what string) {
		c.add(Outcome, s.ID, "attempt %d %s: %s (status %s %q, error.type %q)", n, a.Outcome(), what, word(s.Error), s.Description, errorType)
	}
	switch a.Outcome() {
	case "won":
		if s.Error || errorType != "" {
			wrong("is no error")
		}
		if status == 0 {
			wrong("has no http.response.status_code")
		} else if told := call.Span.Attributes.Int("http.response.status_code"); told != status {
			wrong("got " + strconv.Itoa(status) + ", and the client was sent " + strconv.Itoa(told))
		}
	case "lost", "client_gone":
		if s.Error || errorType != "" {
			wrong("is no error")
		}
		if slices.Contains(s.Events, "exception") {
			wrong("records an exception")
		}
		if a.Outcome() == "lost" && !others(call, n) {
			wrong("and no other attempt's result ended the call")
		}
	case "failed":
		if !s.Error || errorType == "" {
			wrong("is an error")
		}
		if !s.Attributes.Has("hedged.attempt.verdict") {
			wrong("has no hedged.attempt.verdict")
		}
	case "timed_out":
		if !s.Error || errorType != "timeout" {
			wrong("is an error, timeout")
		}
	case "rejected":
	default:
		wrong("is no outcome")
	}
}

// others reports whether another attempt's result ended the call.
func others(call *Call, than int) bool {
	return slices.ContainsFunc(call.Attempts, func(a Attempt) bool {
		return a.Number() != than && (a.Outcome() == "won" || a.Outcome() == "failed")
	})
}

func word(isError bool) string {
	if isError {
		return "Error"
	}
	return "unset"
}
