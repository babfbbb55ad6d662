package main

import "time"

// fate is what becomes of a call.
type fate uint8

const (
	served  fate = iota // answered with 200
	shed                // answered with the status of failures
	dropped             // its connection is reset
	stalled             // never answered
)

func (f fate) String() string { return [...]string{"served", "shed", "dropped", "stalled"}[f] }

// meet decides what becomes of a call that arrives now, and after which time. lot
// is drawn anew for each call, from 0 to 1.
func (b behaviour) meet(now time.Time, peaking bool, lot float64) (fate, time.Duration) {
	if peaking {
		switch s := b.stress; {
		case lot < s.drop:
			return dropped, 0 // failing is quicker than serving
		case lot < s.drop+s.shed:
			return shed, 0
		case lot < s.drop+s.shed+s.stall:
			return stalled, 0
		}
	}
	if lot >= 1-b.fail {
		return shed, b.wait(now)
	}
	return served, b.wait(now)
}

// wait is how long a call that arrives now waits for its answer.
func (b behaviour) wait(now time.Time) time.Duration {
	wait := b.delay
	if b.peak > 0 && b.every > 0 {
		if into := now.Sub(now.Truncate(b.every)); into < b.peak {
			wait += b.peak - into
		}
	}
	return wait
}
