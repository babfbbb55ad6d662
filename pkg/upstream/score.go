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

// Score is the share of bad ends among an endpoint's recent ones. The zero value
// is that of an endpoint of which nothing is known. It is safe for concurrent use.
type Score struct {
	tainted atomic.Bool // whether bad may be above 0

	mu    sync.Mutex // guards what follows
	good  float64    // decayed number of good ends
	bad   float64    // decayed number of bad ends
	since time.Time  // when they were last decayed
}

// Add counts good and bad ends.
func (s *Score) Add(good, bad float64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decay(now)
	s.good += good
	s.bad += bad
	s.tainted.Store(s.bad > 0)
}

// Value returns 0 for good to 1 for bad.
func (s *Score) Value(now time.Time) float64 {
	if s.clean() {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decay(now)
	s.tainted.Store(s.bad > 0)
	return s.bad / (s.good + s.bad + scorePrior)
}

// clean reports whether the value is 0 at any time until the next bad end.
func (s *Score) clean() bool { return !s.tainted.Load() }

// decay brings the weights to the present.
func (s *Score) decay(now time.Time) {
	kept := min(math.Exp(-now.Sub(s.since).Seconds()/scoreDecay.Seconds()), 1) // clocks of two goroutines may cross
	s.since = now
	s.good *= kept
	s.bad *= kept
	if s.bad < negligible {
		s.bad = 0
	}
}
