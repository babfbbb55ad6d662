package sim

import (
	"math"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/hedge"
)

// never is an instant that does not come.
const never = math.MaxInt64

// call is one call under way, in a pool.
type call struct {
	id     uint64 // in order of arrival
	root   int32
	daemon int32
	life   uint32 // how often its place in the pool has been used

	began    int64
	wake     int64 // the instant of the event that looks after it; never: none is entered
	plan     *adapt.Plan
	race     hedge.Race
	attempts [hedge.MaxFanOut]attempt
}

// attempt is what is known of one attempt of a call beside the race.
type attempt struct {
	endpoint uint16
	queued   bool // it reached the endpoint's queue
	serving  bool // and has a slot
}

// attemptID names an attempt also when its call has ended.
type attemptID struct {
	call int32 // its place in the pool
	life uint32
	n    uint8 // from 1
}

// underWay reports whether the attempt has not ended.
func (r *run) underWay(who attemptID) bool {
	c := &r.calls[who.call]
	return c.life == who.life && !c.race.Over() && c.race.Running(int(who.n))
}

func (r *run) attempt(who attemptID) *attempt { return &r.calls[who.call].attempts[who.n-1] }

// place returns a free place in the pool.
func (r *run) place() int32 {
	if n := len(r.free); n > 0 {
		i := r.free[n-1]
		r.free = r.free[:n-1]
		return i
	}
	r.calls = append(r.calls, call{})
	return int32(len(r.calls) - 1)
}
