package demo

import (
	"sync/atomic"
	"time"
)

// tally counts, at the replicas, the attempts of one strategy's calls.
type tally struct {
	start   time.Time       // when the strategy began, and its peaks with it
	calls   []atomic.Uint32 // attempts that arrived, by the call's number
	replica []atomic.Uint64 // attempts that arrived, by replica
}

func newTally(start time.Time, replicas, calls int) *tally {
	return &tally{
		start:   start,
		calls:   make([]atomic.Uint32, calls),
		replica: make([]atomic.Uint64, replicas),
	}
}

// arrived counts one attempt. One that belongs to no call of this strategy
// counts for its replica only.
func (t *tally) arrived(replica int, call uint64) {
	t.replica[replica].Add(1)
	if call < uint64(len(t.calls)) {
		t.calls[call].Add(1)
	}
}

// attempts returns how many attempts arrived for the calls from first on.
func (t *tally) attempts(first int) int {
	var sum int
	for i := range t.calls[first:] {
		sum += int(t.calls[first+i].Load())
	}
	return sum
}
