package breaker

import (
	"testing"
	"testing/synctest"
	"time"
)

// "Editing thresholds keeps breaker state" (policy.md).
func TestUpdateOfThresholdsKeepsStateAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		attempts(b, Success, 3)
		attempts(b, Failure, 3)
		early, _ := b.Allow()
		s := settings()
		s.ConsecutiveFailures = 4
		b.Update(s)
		want(t, b, Closed)
		if st := b.Status(); st.Successes != 3 || st.ConsecutiveFailures != 3 {
			t.Errorf("status is %+v", st)
		}
		early.Done(Failure)
		want(t, b, Open) // the fourth, by the new threshold

		until := b.Status().OpenUntil
		s.ConsecutiveFailures, s.MinAttempts = 100, 1000
		pass(time.Second)
		b.Update(s)
		want(t, b, Open)
		if got := b.Status().OpenUntil; !got.Equal(until) {
			t.Errorf("open until %v, want %v as before", got, until)
		}
	})
}

func TestUpdateOfTheWindowKeepsCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		attempts(b, Failure, 2)
		attempts(b, Success, 10)
		attempts(b, Failure, 4)
		early, _ := b.Allow()
		s := settings()
		s.Window = 30 * time.Second
		b.Update(s)
		if st := b.Status(); st.Successes != 10 || st.Failures != 6 || st.ConsecutiveFailures != 4 || st.Opened != 0 {
			t.Errorf("status is %+v", st)
		}
		pass(20 * time.Second) // by the old window they would be gone
		early.Done(Failure)    // let through before the edit, and counted all the same
		want(t, b, Open)
	})
}

func TestUpdateNeverOpensByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		attempts(b, Failure, 4)
		s := settings()
		s.ConsecutiveFailures, s.Window = 2, time.Minute
		b.Update(s)
		want(t, b, Closed)
		attempts(b, Failure, 1)
		want(t, b, Open)
	})
}

func TestUpdateReplaysABoundedNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := settings()
		s.FailureRatio = 0.9
		b := New(s)
		for range 1000 {
			attempts(b, Success, 3)
			attempts(b, Failure, 1)
		}
		attempts(b, Failure, 3)
		s.OpenFor = time.Second
		b.Update(s)
		st := b.Status()
		if st.Successes+st.Failures > mostReplayed+1 || st.ConsecutiveFailures != 4 {
			t.Errorf("status is %+v", st)
		}
		if ratio := float64(st.Failures) / float64(st.Successes+st.Failures); ratio < 0.24 || ratio > 0.26 {
			t.Errorf("failure ratio is %.3f, want that of before, 0.25", ratio)
		}
	})
}

func TestUpdateKeepsOpenOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		attempts(b, Failure, 5)
		s := settings()
		s.OpenFor = 3 * time.Second
		b.Update(s)
		want(t, b, Open)
		if st := b.Status(); st.Opened != 1 {
			t.Errorf("opened %d times, want 1", st.Opened)
		}
		pass(3 * time.Second)
		want(t, b, Open)
		pass(1)
		want(t, b, HalfOpen)
		attempts(b, Success, 1)
		want(t, b, Closed)
		attempts(b, Failure, 5)
		if st := b.Status(); st.Opened != 2 {
			t.Errorf("opened %d times, want 2", st.Opened)
		}
	})
}

func TestUpdateOpensHalfOpenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := halfOpen(t)
		probe, _ := b.Allow()
		s := settings()
		s.HalfOpenAttempts = 3
		b.Update(s)
		want(t, b, Open)
		probe.Done(Success) // dropped
		want(t, b, Open)
		pass(10*time.Second + 1)
		attempts(b, Success, 2)
		want(t, b, HalfOpen)
		attempts(b, Success, 1)
		want(t, b, Closed)
	})
}

func TestWordsOfStatesAndMarks(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(Closed.String(), "closed")
	f(HalfOpen.String(), "half-open")
	f(Open.String(), "open")
	f(Neutral.String(), "neutral")
	f(Success.String(), "success")
	f(Failure.String(), "failure")
}
