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
		if got := s.Sums(now).Value(); math.Abs(got-want) > 0.001 {
			t.Errorf("score is %.4f, want %.4f", got, want)
		}
	}
	f(0, 0)
	s.Add(1, 1, now)
	f(0, 0.5) // one failure and the benefit of the doubt
	f(500*time.Millisecond, 0.2689)
	f(500*time.Millisecond, 0.1192)
	f(10*time.Second, 0)
}

func TestScoreIsThePartOfADeadlineThatIsWaited(t *testing.T) {
	var s Score
	now := time.Unix(1_700_000_000, 0)
	for i := range 1000 { // one a millisecond: a fifth fails, the others take a tenth
		now = now.Add(time.Millisecond)
		if i%5 == 0 {
			s.Add(1, 1, now)
		} else {
			s.Add(0.1, 1, now)
		}
	}
	if got := s.Sums(now).Value(); math.Abs(got-0.28) > 0.01 {
		t.Errorf("score is %.4f, want 0.2+0.8*0.1", got)
	}
}

// What hangs and always loses has no end of its own: its waits add up to one.
func TestScoreOfWhatIsGivenUpGrows(t *testing.T) {
	var s Score
	now := time.Unix(1_700_000_000, 0)
	last := 0.0
	for range 100 {
		s.Add(0.05, 0.05, now)
		got := s.Sums(now).Value()
		if got <= last {
			t.Fatalf("score is %.4f after %.4f, want it to grow", got, last)
		}
		last = got
	}
	if last < 0.8 || last > 1 {
		t.Errorf("score is %.4f, want it near 1", last)
	}
}

// What little is known of one endpoint is read as what is known of the other.
func TestScoresAreRelative(t *testing.T) {
	slow := Sums{Waited: 9, Ends: 10}
	if x, y := compare(slow, Sums{}); x > 2*y {
		t.Errorf("one of which nothing is known has %.2f beside %.2f, want about the same", y, x)
	}
	if x, y := compare(slow, Sums{Waited: 0.1, Ends: 10}); x < 10*y {
		t.Errorf("scores are %.2f and %.2f, want them far apart", x, y)
	}
}

// Two goroutines may bring their readings of the clock in the wrong order.
func TestScoreIsNotBlownUpByAnEarlierInstant(t *testing.T) {
	var s Score
	now := time.Unix(1_700_000_000, 0)
	s.Add(1, 1, now)
	if got := s.Sums(now.Add(-time.Hour)).Value(); got != 0.5 {
		t.Errorf("score is %v an hour before, want 0.5 as then", got)
	}
}
