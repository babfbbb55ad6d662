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

// fate is what becomes of one attempt at a replica.
type fate uint8

const (
	served  fate = iota // answered 200 after its latency
	shed                // answered 503 after its latency
	dropped             // its connection is reset after its latency
	stalled             // not answered at all
	gone                // its sender did not wait for its end
)

// arrival is one attempt as a replica sees it.
type arrival struct {
	at            time.Duration // since the start of the run
	call, attempt uint64
}

// dice are what one attempt's fate is drawn with. They depend on the arguments
// only, not on the clock: two strategies whose calls of the same number reach
// the same replica as the same attempt draw the same.
func dice(seed uint64, replica int, a arrival) *rand.Rand {
	return rand.New(rand.NewPCG(seed^a.call*0x9e3779b97f4a7c15, fateStream|uint64(replica)<<8|a.attempt))
}

// habits are how a replica treats attempts for a while: it fails some of them,
// each on its own, and answers the others after a lognormal time, or one of a
// rare slow tail.
type habits struct {
	median time.Duration
	sigma  float64
	slow   slowness
	// The shares of attempts that are reset, never answered, and answered 503.
	drop, stall, shed float64
}

// slowness is a share of the answers that take longer, by a time between two.
type slowness struct {
	share         float64
	least, longer time.Duration
}

// draw decides what one attempt meets, and after which time.
func (h habits) draw(random *rand.Rand) (fate, time.Duration) {
	lot, slow := random.Float64(), random.Float64()
	latency := time.Duration(float64(h.median) * math.Exp(h.sigma*random.NormFloat64()))
	switch {
	case lot < h.drop:
		return dropped, latency / 4 // failing is quicker than serving
	case lot < h.drop+h.stall:
		return stalled, 0
	case lot < h.drop+h.stall+h.shed:
		return shed, latency / 4
	}
	if slow < h.slow.share {
		latency += h.slow.least + time.Duration(random.Int64N(int64(h.slow.longer)+1))
	}
	return served, latency
}
