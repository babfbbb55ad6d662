package upstream

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	scoreDecay = 500 * time.Millisecond // time constant with which an end is forgotten
	// scorePrior is the weight of the benefit of the doubt, in good ends: one bad
	// end alone is not a verdict, and an endpoint that is no longer picked gets
	// back to 0 as its bad ends fade.
	scorePrior = 1.0
	// negligible is the weight of bad ends below which they are forgotten at
	// once, so that a healthy endpoint costs a look and no arithmetic.
	negligible = 1e-3
)

// score is the share of bad ends among an endpoint's recent ones.
type score struct {
	tainted atomic.Bool // whether bad may be above 0

	mu    sync.Mutex // guards what follows
	good  float64    // decayed number of good ends
	bad   float64    // decayed number of bad ends
	since time.Time  // when they were last decayed
}

func (s *score) add(good, bad float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decay()
	s.good += good
	s.bad += bad
	s.tainted.Store(s.bad > 0)
}

// value returns 0 for good to 1 for bad.
func (s *score) value() float64 {
	if !s.tainted.Load() {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decay()
	s.tainted.Store(s.bad > 0)
	return s.bad / (s.good + s.bad + scorePrior)
}

// decay brings the weights to the present.
func (s *score) decay() {
	now := time.Now()
	kept := math.Exp(-now.Sub(s.since).Seconds() / scoreDecay.Seconds())
	s.since = now
	s.good *= kept
	s.bad *= kept
	if s.bad < negligible {
		s.bad = 0
	}
}
