package record

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Attempt is one attempt of a call and how it ended.
type Attempt struct {
	Time   time.Time `json:"time"`   // of its launch
	Policy string    `json:"policy"` // namespace/name
	// Call is the number of the call within one run of the daemon, from 1. A file
	// that several runs have written to holds a number more than once.
	Call      uint64  `json:"call"`
	Attempt   int     `json:"attempt"` // its number within the call, from 1
	Trigger   string  `json:"trigger"` // why it was launched: Initial, Stagger or Failure
	Endpoint  string  `json:"endpoint"`
	End       string  `json:"end"`              // how it ended: Won to Rejected
	Status    int     `json:"status,omitempty"` // of the answer; 0: there was none, or nobody read it
	ElapsedMS float64 `json:"elapsed_ms"`       // from its launch to its end, in milliseconds
}

// The triggers of an attempt.
const (
	Initial = "initial" // the first of its call
	Stagger = "stagger" // a hedge
	Failure = "failure" // a retry
)

// The ends of an attempt.
const (
	Won        = "won"         // its answer was accepted
	Lost       = "lost"        // cancelled, for another's answer ended the call
	Failed     = "failed"      // its answer was not accepted, or there was an error instead
	TimedOut   = "timed_out"   // the attempt timeout or the call's deadline ended it
	ClientGone = "client_gone" // the caller went away
	Rejected   = "rejected"    // given up before anything was sent
)

var (
	triggers = []string{Initial, Stagger, Failure}
	ends     = []string{Won, Lost, Failed, TimedOut, ClientGone, Rejected}
)

// check says what of the attempt cannot be, beginning with the field's name.
func (a *Attempt) check() error {
	switch {
	case a.Time.IsZero():
		return fmt.Errorf("time: is missing; want the launch as 2006-01-02T15:04:05.999Z")
	case a.Policy == "":
		return fmt.Errorf("policy: is missing; want namespace/name")
	case a.Call == 0:
		return fmt.Errorf("call: is missing or 0; calls are numbered from 1")
	case a.Attempt < 1:
		return fmt.Errorf("attempt: is missing or %d; attempts are numbered from 1", a.Attempt)
	case !slices.Contains(triggers, a.Trigger):
		return fmt.Errorf("trigger: is %q; want %s", a.Trigger, oneOf(triggers))
	case (a.Attempt == 1) != (a.Trigger == Initial):
		return fmt.Errorf("trigger: is %s of attempt %d; attempt 1 is %s, and no other", a.Trigger, a.Attempt, Initial)
	case a.Endpoint == "":
		return fmt.Errorf("endpoint: is missing; want its address")
	case !slices.Contains(ends, a.End):
		return fmt.Errorf("end: is %q; want %s", a.End, oneOf(ends))
	case a.Status != 0 && (a.Status < 100 || a.Status > 999):
		return fmt.Errorf("status: is %d; want an HTTP status, or leave it out", a.Status)
	case !(a.ElapsedMS >= 0) || math.IsInf(a.ElapsedMS, 0):
		return fmt.Errorf("elapsed_ms: is %g; want milliseconds, not negative", a.ElapsedMS)
	}
	return nil
}

func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
