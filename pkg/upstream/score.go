package upstream

import (
	"math"
	"sync"
	"time"
)

const (
	scoreDecay = 500 * time.Millisecond // time constant with which an end is forgotten
	// scorePrior is the weight of the benefit of the doubt, in ends: one bad end alone
	// is not a verdict, and an endpoint that is no longer picked gets back to what
	// the others are as its ends fade.
	scorePrior = 1.0
)

// Score is what part of a deadline an endpoint's recent attempts took, a failure
// counting as all of it. The zero value is that of an endpoint of which nothing is
// known. It is safe for concurrent use.
type Score struct {
	mu    sync.Mutex // guards what follows
	sums  Sums
	since time.Time // when they were last decayed
}

// Sums are what a score consists of.
type Sums struct {
	Waited float64 // decayed sum of parts of a deadline
	Ends   float64 // decayed number of ends
}

// Add counts an end, or a part of one.
func (s *Score) Add(waited, ends float64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decay(now)
	s.sums.Waited += waited
	s.sums.Ends += ends
}

// Sums returns what is remembered.
func (s *Score) Sums(now time.Time) Sums {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decay(now)
	return s.sums
}

// decay brings the sums to the present.
func (s *Score) decay(now time.Time) {
	if s.sums.Ends > 0 || s.sums.Waited > 0 {
		kept := min(math.Exp(-now.Sub(s.since).Seconds()/scoreDecay.Seconds()), 1) // clocks of two goroutines may cross
		s.sums.Waited *= kept
		s.sums.Ends *= kept
	}
	s.since = now
}

// Value returns the score of an endpoint on its own: 0 for good to 1 for bad.
func (s Sums) Value() float64 { return s.beside(0) }

// beside returns the score where the benefit of the doubt is that it is like this one.
func (s Sums) beside(usual float64) float64 {
	return (s.Waited + scorePrior*usual) / (s.Ends + scorePrior)
}

// compare returns the scores of two endpoints, each as like the better one as little
// is known of it. One of which nothing was ever known is like the other.
func compare(a, b Sums) (x, y float64) {
	var usual float64
	switch {
	case a.Ends == 0 && b.Ends == 0:
	case a.Ends == 0:
		usual = b.Waited / b.Ends
	case b.Ends == 0:
		usual = a.Waited / a.Ends
	default: // fading leaves the ratio as it is
		usual = min(a.Waited/a.Ends, b.Waited/b.Ends)
	}
	return a.beside(usual), b.beside(usual)
}
