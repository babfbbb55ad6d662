package hedge

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Caller is what Do needs to know of a call. Do calls Admit and Ended one at a
// time and never after it has returned; Run and Discard may run at the same
// time as anything else, and for a lost attempt after Do has returned.
type Caller[T any] interface {
	// Admit is asked before an attempt is launched and reserves what it needs:
	// an endpoint that the call has not used, a token of the budget. A reason
	// suppresses the attempt. For the first attempt only NoEndpoint makes
	// sense: breaker and budget never refuse that one (law 5).
	Admit(a Ask) Reason
	// Run carries out attempt n and judges its result. When ctx ends, whatever
	// Run returns is discarded; it should return soon. A value that is
	// returned to the client keeps ctx alive until Outcome.Release.
	Run(ctx context.Context, n int) Result[T]
	// Ended is told once of each launched attempt how it ended.
	Ended(a Attempt)
	// Discard gives up a value that Run returned and that the call does not
	// return. Its context is already cancelled.
	Discard(v T)
}

// Result is what one attempt came to.
type Result[T any] struct {
	// Value is the answer, if HasValue: also one that was not accepted, since
	// the best bad answer is returned when there is no good one.
	Value    T
	HasValue bool
	Verdict  Verdict
	// Err says why there is no answer.
	Err error
	// Wait is the upstream's pushback for the whole call: above zero, the next
	// attempt is launched after so long, and none if it could not finish by the
	// deadline then; below zero, none is.
	Wait time.Duration
	// Unsent says that nothing of the request left, as when no connection could be
	// made: the attempt failed, and does not count as one of the plan's fan-out.
	Unsent bool
}

// Outcome is what a call came to.
type Outcome[T any] struct {
	// Value is the answer, if HasValue; Verdict says whether it was accepted
	// or is the best of the bad ones. Release must be called when it has been
	// consumed.
	Value    T
	HasValue bool
	Verdict  Verdict
	// Winner is the number of the attempt that Value comes from; 0 is none.
	Winner int
	// Launched is how many attempts were launched.
	Launched int
	// Suppressed lists the attempts that were due and were not launched.
	Suppressed []Suppression
	// Err is nil where HasValue is set. Otherwise it wraps one of ErrDeadline,
	// ErrGone, ErrExhausted or ErrRefused, and the last attempt's error.
	Err error

	release context.CancelCauseFunc
}

// Release cancels the context of the attempt whose value was returned. Call it
// when the value has been consumed; more than once does no harm.
func (o *Outcome[T]) Release() {
	if o.release != nil {
		o.release(ErrReleased)
	}
}

// The reasons for an outcome without a value.
var (
	ErrDeadline  = errors.New("deadline reached before an answer")
	ErrGone      = errors.New("caller has gone")
	ErrExhausted = errors.New("every attempt failed")
	ErrRefused   = errors.New("no attempt could be launched")
)

// The causes that an attempt's context is cancelled with. Each wraps
// context.Canceled, because callers and http.Transport test for that (P22).
var (
	ErrLost     = fmt.Errorf("attempt lost: %w", context.Canceled)
	ErrTimedOut = fmt.Errorf("attempt timed out: %w", context.Canceled)
	ErrReleased = fmt.Errorf("attempt finished: %w", context.Canceled)
)
