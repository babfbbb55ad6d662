package upstream

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestScoreFadesWithItsTimeConstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s score
		f := func(after time.Duration, want float64) {
			t.Helper()
			pass(after)
			if got := s.value(); math.Abs(got-want) > 0.001 {
				t.Errorf("score is %.4f, want %.4f", got, want)
			}
		}
		f(0, 0)
		s.add(0, 1)
		f(0, 0.5) // one bad end and the benefit of the doubt
		f(500*time.Millisecond, 0.2689)
		f(500*time.Millisecond, 0.1192)
		f(10*time.Second, 0)
		if s.tainted.Load() {
			t.Error("what has faded still costs arithmetic")
		}
	})
}

func TestScoreIsTheShareOfBadEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s score
		for i := range 1000 { // one a millisecond
			pass(time.Millisecond)
			if i%5 == 0 {
				s.add(0, 1)
			} else {
				s.add(1, 0)
			}
		}
		if got := s.value(); math.Abs(got-0.2) > 0.01 {
			t.Errorf("score is %.4f, want a fifth", got)
		}
		for range 200 {
			s.add(1, 0)
		}
		if got := s.value(); got > 0.15 {
			t.Errorf("score is %.4f after good ends", got)
		}
	})
}

func TestScoreWithoutBadEndsIsZero(t *testing.T) {
	var s score
	s.add(1, 0)
	if s.value() != 0 || s.tainted.Load() {
		t.Error("a good endpoint is tainted")
	}
}
