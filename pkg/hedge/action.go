package hedge

import "time"

// Ask is one attempt that is due: what its admission is decided by.
type Ask struct {
	// Number is the number that the attempt would have, from 1.
	Number int
	// Trigger is what it would be launched for.
	Trigger Trigger
	// Place is a hedge's place in the plan: the index of its gap, whatever attempts
	// were launched before it. A retry's place is the number of retries that the
	// call has launched before.
	Place int
	// Deferred is set for a hedge that was refused once and comes due once more.
	// It has been sampled, and is not sampled a second time.
	Deferred bool
}

// Answer is what a race needs to know of one attempt's result.
type Answer struct {
	Verdict  Verdict
	HasValue bool          // it can be returned, if no better one comes
	Wait     time.Duration // pushback: see Result.Wait
	Unsent   bool          // see Result.Unsent
}

// Kind says what an Action asks of the driver.
type Kind uint8

// The kinds of an action.
const (
	// Wait is for an event, or for the instant that Race.Wake tells.
	Wait Kind = iota
	// Launch is for the attempt of Ask: the driver answers with Race.Launch or
	// with Race.Refuse.
	Launch
	// Suppress records that the attempt of Ask is not launched, for Reason.
	Suppress
	// Cancel is for attempt Ask.Number, which is under way and ends with End.
	Cancel
	// Finish ends the call: Race.Cause and Race.Best say how. No attempt is under
	// way any more.
	Finish
)

func (k Kind) String() string {
	return [...]string{"wait", "launch", "suppress", "cancel", "finish"}[k]
}

// Action is what a driver is to do next.
type Action struct {
	Kind   Kind
	Ask    Ask    // of Launch and Suppress; of Cancel only its Number
	End    End    // of Cancel
	Reason Reason // of Suppress
}

// Cause says why a race is over.
type Cause uint8

// The causes of a race's end.
const (
	Undecided Cause = iota // it is not over
	Decided                // an answer was accepted, or was fatal
	Expired                // the deadline has come
	Abandoned              // the caller has gone
	Exhausted              // nothing is in flight, and nothing can be launched any more
	Refused                // the first attempt was not admitted
)

func (c Cause) String() string {
	return [...]string{"undecided", "decided", "expired", "abandoned", "exhausted", "refused"}[c]
}
