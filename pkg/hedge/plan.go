package hedge

import "time"

// MaxFanOut is the largest fan-out that a plan may have.
const MaxFanOut = 8

// Plan says how one call is carried out. A plan is a value that many calls
// share: Do never changes it.
type Plan struct {
	// FanOut is the most attempts that a call may have, the first included
	// (gRPC calls it maxAttempts). Below 1 counts as 1, above MaxFanOut as
	// MaxFanOut.
	FanOut int
	// Most is how far FanOut grows when attempts come to nothing before anything
	// was sent: such an attempt was no load, and another takes its place. Up to
	// FanOut it does nothing.
	Most int
	// Gaps[i] is the stagger before hedge i+1. It counts from the newest
	// attempt's start, whatever triggered that one. A hedge uses up its gap,
	// which is its place, whether it is launched or suppressed; a retry uses up
	// none, so that the schedule goes on from it where it was. Zero launches at once; a negative
	// gap never comes due, so that only a failure launches further attempts.
	Gaps [MaxFanOut - 1]time.Duration
	// Defer is how long after a hedge was refused for Draw or Budget it comes due
	// once more, with its place unused till then. A call has that once. Zero: none has.
	Defer time.Duration
	// AttemptTimeout is the longest that one attempt may take, from its launch
	// to its result. Zero: only the deadline bounds it.
	AttemptTimeout time.Duration
	// LeastRemaining is the shortest time before the deadline in which a
	// further attempt can still finish: below it, none is launched (law 6).
	LeastRemaining time.Duration
}

// Never is a gap that does not come due.
const Never time.Duration = -1
