package upstream

import (
	"math"
	"testing"
	"time"
)

func TestScoreFadesWithItsTimeConstant(t *testing.T) {
	var s Score
	now := time.Unix(1_700_000_000, 0)
	f := func(after time.Duration, want float64) {
		t.Helper()
		now = now.Add(after)
		if got := s.Value(now); math.Abs(got-want) > 0.001 {
			t.Errorf("score is %.4f, want %.4f", got, want)
		}
	}
	f(0, 0)
	s.Add(0, 1, now)
	f(0, 0.5) // one bad end and the benefit of the doubt
	f(500*time.Millisecond, 0.2689)
	f(500*time.Millisecond, 0.1192)
	f(10*time.Second, 0)
	if !s.clean() {
		t.Error("what has faded still costs arithmetic")
	}
}

func TestScoreIsTheShareOfBadEnds(t *testing.T) {
	var s Score
	now := time.Unix(1_700_000_000, 0)
	for i := range 1000 { // one a millisecond
		now = now.Add(time.Millisecond)
		if i%5 == 0 {
			s.Add(0, 1, now)
		} else {
			s.Add(1, 0, now)
		}
	}
	if got := s.Value(now); math.Abs(got-0.2) > 0.01 {
		t.Errorf("score is %.4f, want a fifth", got)
	}
	for range 200 {
		s.Add(1, 0, now)
	}
	if got := s.Value(now); got > 0.15 {
		t.Errorf("score is %.4f after good ends", got)
	}
}

func TestScoreWithoutBadEndsIsZero(t *testing.T) {
	var s Score
	now := time.Unix(1_700_000_000, 0)
	s.Add(1, 0, now)
	if s.Value(now) != 0 || !s.clean() {
		t.Error("a good endpoint is tainted")
	}
}

// Two goroutines may bring their readings of the clock in the wrong order.
func TestScoreIsNotBlownUpByAnEarlierInstant(t *testing.T) {
	var s Score
	now := time.Unix(1_700_000_000, 0)
	s.Add(0, 1, now)
	if got := s.Value(now.Add(-time.Hour)); got != 0.5 {
		t.Errorf("score is %v an hour before, want 0.5 as then", got)
	}
}
