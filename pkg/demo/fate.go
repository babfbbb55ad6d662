package demo

import (
	"math"
	"math/rand/v2"
	"time"
)

// The random streams of a run: each kind of draw has its own, so that one more
// draw of a kind does not shift the others.
const (
	peakStream    uint64 = 1 << 32
	arrivalStream uint64 = 2 << 32
	fateStream    uint64 = 3 << 32
)

// What a replica does in a peak, as shares of the attempts that it meets; the
// rest is answered as outside of one.
const (
	dropShare  = 0.30
	stallShare = 0.30
	shedShare  = 0.25
)

// How a replica answers otherwise: a lognormal body and a rare slow tail.
const (
	latencyMedian = 8 * time.Millisecond
	latencySigma  = 0.5
	slowShare     = 0.008
	slowShortest  = 60 * time.Millisecond
	slowLongest   = 180 * time.Millisecond
)

// fate is what becomes of one attempt at a replica.
type fate uint8

const (
	served  fate = iota // answered 200 after its latency
	shed                // answered 503 after its latency
	dropped             // its connection is reset after its latency
	stalled             // not answered at all
)

// drawFate decides what one attempt meets, and after which time. It depends on
// its arguments only: two strategies whose calls of the same number reach the
// same replica as the same attempt, both in a peak or both out of one, meet
// the same fate.
func drawFate(seed uint64, replica int, call, attempt uint64, peaking bool) (fate, time.Duration) {
	random := rand.New(rand.NewPCG(seed^call*0x9e3779b97f4a7c15, fateStream|uint64(replica)<<8|attempt))
	lot, slow := random.Float64(), random.Float64()
	latency := time.Duration(float64(latencyMedian) * math.Exp(latencySigma*random.NormFloat64()))
	if peaking {
		switch {
		case lot < dropShare:
			return dropped, latency / 4 // shedding is quicker than serving
		case lot < dropShare+stallShare:
			return stalled, 0
		case lot < dropShare+stallShare+shedShare:
			return shed, latency / 4
		}
	}
	if slow < slowShare {
		latency += slowShortest + time.Duration(random.Int64N(int64(slowLongest-slowShortest)))
	}
	return served, latency
}
