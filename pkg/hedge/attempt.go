package hedge

import "time"

// Trigger says why an attempt was launched.
type Trigger uint8

// The triggers of an attempt.
const (
	Initial Trigger = iota // the first attempt of the call
	Stagger                // the gap since the newest attempt ran out: a hedge
	Failure                // an earlier attempt failed: a retry
)

func (t Trigger) String() string { return [...]string{"initial", "stagger", "failure"}[t] }

// Verdict is the caller's judgement of one attempt's result.
type Verdict uint8

// The verdicts on a result.
const (
	Accepted Verdict = iota // the call has succeeded with it
	NonFatal                // another attempt may do better
	Fatal                   // no other attempt would do better: the call ends with it
	NotSent                 // the attempt was given up before anything was sent; judged as NonFatal
)

func (v Verdict) String() string {
	return [...]string{"accepted", "non-fatal", "fatal", "not-sent"}[v]
}

// End says how one attempt ended. Every launched attempt has exactly one.
//
// Who consumes which end:
//
//	end         breaker            failure rate, score   latency curve
//	Won         success            success               measured
//	Lost        neutral            neutral (slow: bad)   censored at its age
//	Failed      failure            failure               measured, as a failure
//	TimedOut    failure if long    failure if long       censored at its age
//	ClientGone  neutral            neutral               censored at its age
//	Rejected    neutral            neutral               not observed
type End uint8

// The ends of an attempt.
const (
	Won        End = iota // its value is the call's outcome, and was accepted
	Lost                  // cancelled: another attempt's result ended the call
	Failed                // its result was judged NonFatal or Fatal
	TimedOut              // the attempt timeout or the call's deadline ended it
	ClientGone            // the caller's context ended it
	Rejected              // given up before anything was sent
)

func (e End) String() string {
	return [...]string{"won", "lost", "failed", "timed_out", "client_gone", "rejected"}[e]
}

// Attempt is one try of a call, as Do reports it.
type Attempt struct {
	Number  int           // from 1, in order of launch
	Trigger Trigger       // why it was launched
	Start   time.Time     // when it was launched
	Elapsed time.Duration // from launch to its end
	End     End           // how it ended
	// Deadline is set with TimedOut when the call's deadline ended it rather
	// than the attempt timeout.
	Deadline bool
}

// Reason says why an attempt that was due was not launched. The empty reason
// means that it may be launched.
type Reason string

// The reasons that an attempt is suppressed for. Admit may return others.
const (
	Admitted      Reason = ""
	Budget        Reason = "budget"         // the budget is spent
	Breaker       Reason = "breaker"        // no endpoint's breaker admits
	NoEndpoint    Reason = "no_endpoint"    // none is left that the call has not used
	NoTime        Reason = "no_time"        // it could not finish before the deadline
	Pushback      Reason = "pushback"       // the upstream said to stop
	NotIdempotent Reason = "not_idempotent" // a second copy could do harm
	BodyTooLarge  Reason = "body_too_large" // the request body cannot be replayed
	Draw          Reason = "draw"           // the plan sends only a share of these, and this one was not drawn
	Overload      Reason = "overload"       // further attempts fail: the upstream is to be left alone
)

// Suppression is an attempt that was due and was not launched.
type Suppression struct {
	Number  int // the number it would have had
	Trigger Trigger
	Reason  Reason
}
