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

// Done gives the lease back: the endpoint's count of attempts in flight, the
// breaker's slot and the score. Only the first call does, on whatever copy.
func (l *Lease) Done(o Observation) {
	if !l.permit.Done(o.Mark) {
		return
	}
	e := l.Endpoint
	if o.Bad {
		e.bad.Add(1)
	}
	if o.Waited > 0 || o.Ends > 0 {
		e.score.Add(o.Waited, o.Ends, time.Now())
	}
	e.release(oneLease)
}
