package upstream

import (
	"time"

	"hedged.dev/hedged/pkg/breaker"
)

// Lease is one attempt's claim on an endpoint. It must be given back with Done.
type Lease struct {
	// Endpoint is where the attempt goes; nil if there is no lease.
	Endpoint *Endpoint
	// Bypassed tells that no endpoint admitted the call's first attempt, which
	// went to the best-scored one all the same (law 5).
	Bypassed bool

	permit breaker.Permit
}

// Observation is what an attempt tells of its endpoint when it ends.
type Observation struct {
	Mark breaker.Mark // for the group's breaker
	// Good and Bad move the score; neither leaves it. An attempt that lost after
	// a fair wait is Bad although its mark is neutral: a host that hangs always
	// loses (P3).
	Good, Bad bool
}

// Done gives the lease back: the endpoint's count of attempts in flight, the
// breaker's slot and the score. Only the first call does, on whatever copy.
func (l *Lease) Done(o Observation) {
	if !l.permit.Done(o.Mark) {
		return
	}
	e := l.Endpoint
	switch {
	case o.Bad:
		e.bad.Add(1)
		e.score.Add(0, 1, time.Now())
	case o.Good:
		e.score.Add(1, 0, time.Now())
	}
	e.release(oneLease)
}
