package upstream

import (
	"time"

	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/hedge"
)

// Observation is what an attempt tells of its endpoint when it ends.
type Observation struct {
	Mark breaker.Mark // for the group's breaker
	// Bad counts the end among those against the endpoint, for people to see.
	Bad bool
	// Waited is the part of a deadline that the attempt took, and Ends how much of an
	// end it is: both move the score, and neither does if both are 0.
	Waited, Ends float64
}

// Judge returns what an attempt's end tells of its endpoint; the data plane and the
// simulator both learn from it. answered is whether an attempt that failed got an
// answer which is not the endpoint's fault. An attempt that did not win is judged
// against the endpoint only after a fair wait.
//
// The score learns time, and no verdict on it: what is slow shows beside the others. A
// failure costs what waiting in vain does, or failing fast would look like answering
// fast. What was given up counts for the part of a whole wait that it had, so
// that a host which hangs is found out although its attempts always lose (P3).
func Judge(e hedge.Attempt, answered bool, fair, deadline time.Duration) Observation {
	took := min(e.Elapsed.Seconds()/deadline.Seconds(), 1)
	waited := e.Elapsed >= fair // long enough that silence says something
	givenUp := Observation{Waited: took, Ends: took}
	switch {
	case e.End == hedge.Won, e.End == hedge.Failed && answered:
		return Observation{Mark: breaker.Success, Waited: took, Ends: 1}
	case e.End == hedge.Failed:
		return Observation{Mark: breaker.Failure, Bad: true, Waited: 1, Ends: 1}
	case e.End == hedge.TimedOut && (!e.Deadline || waited):
		givenUp.Mark, givenUp.Bad = breaker.Failure, true
		return givenUp
	case e.End == hedge.TimedOut:
		return givenUp
	case e.End == hedge.Lost:
		givenUp.Bad = waited // P1: the breaker does not see it
		return givenUp
	default: // the client went away, or nothing was sent
		return Observation{}
	}
}
