package breaker

import "time"

// Mark is what the end of an attempt says about its endpoint.
type Mark uint8

// The marks. The zero value is Neutral.
const (
	Neutral Mark = iota // nothing: lost, client gone, rejected before it was sent
	Success
	Failure
)

func (m Mark) String() string { return [...]string{"neutral", "success", "failure"}[m] }

// State is what a breaker does with attempts.
type State uint8

// The states. The zero value is Closed.
const (
	Closed   State = iota // attempts are let through
	HalfOpen              // a few attempts are let through as probes
	Open                  // attempts are refused
)

func (s State) String() string { return [...]string{"closed", "half-open", "open"}[s] }

// phase is a stretch of time in one state. It is immutable, and its pointer
// stands for it: an attempt's mark counts only in the phase that let it through.
type phase struct {
	state State
	until time.Time // of Open: when probes may begin
}

// at returns the state at now. An open phase that has run out is half-open
// already, although gobreaker notices only when it is next asked.
func (p *phase) at() State {
	if p.state == Open && time.Now().After(p.until) {
		return HalfOpen
	}
	return p.state
}
