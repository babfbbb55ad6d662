package budget

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// pass lets virtual time go by.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // inside a synctest bubble
}

func call(b *Budget, n int) {
	for range n {
		b.Call()
	}
}

// drain takes all there is and returns how much that was.
func drain(b *Budget) (taken int) {
	for b.Take() {
		taken++
	}
	return taken
}

func TestStockToStartWith(t *testing.T) {
	f := func(s Settings, want int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			if got := drain(New(s)); got != want {
				t.Errorf("%+v starts with %d tokens, want %d", s, got, want)
			}
		})
	}
	f(Settings{Percent: 10}, 10)
	f(Settings{MinPerSecond: 1}, 10)
	f(Settings{}, 0)
	f(Settings{Percent: -1, MinPerSecond: -1}, 0)
}

func TestCallsEarnTheirShare(t *testing.T) {
	f := func(percent float64, calls, want int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			b := New(Settings{Percent: percent})
			drain(b)
			call(b, calls)
			if got := drain(b); got != want {
				t.Errorf("%d calls at %v %% earn %d, want %d", calls, percent, got, want)
			}
		})
	}
	f(10, 9, 0)
	f(10, 10, 1)
	f(10, 100, 10)
	f(25, 30, 7)
	f(700, 10, 70) // all at once with a fan-out of 8
	f(0, 1000, 0)
}

func TestQuietUpstreamEarnsTheFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Settings{Percent: 10, MinPerSecond: 2})
		drain(b)
		for range 5 {
			call(b, 3) // 0.3 tokens, below the floor: not on top of it
			pass(time.Second)
			if got := drain(b); got != 2 {
				t.Errorf("a second earns %d, want 2", got)
			}
		}
		call(b, 100) // 10 tokens, above the floor: instead of it
		pass(time.Second)
		if got := drain(b); got != 10 {
			t.Errorf("a busy second earns %d, want 10", got)
		}
	})
}

func TestStockIsWhatAMinuteEarns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Settings{Percent: 10})
		for range 600 { // 10 minutes of 100 calls a second
			call(b, 100)
			pass(time.Second)
			b.Status()
		}
		s := b.Status()
		if math.Abs(s.Capacity-600) > 10 || s.Tokens != s.Capacity {
			t.Errorf("%.1f tokens of %.1f, want about 600 of 600", s.Tokens, s.Capacity)
		}
		pass(time.Hour) // the rate goes down, and the stock with it
		if s = b.Status(); s.Capacity != leastCapacity || s.Tokens != leastCapacity {
			t.Errorf("after a quiet hour %.1f of %.1f, want 10 of 10", s.Tokens, s.Capacity)
		}
	})
}

func TestFirstSecondIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Settings{Percent: 10})
		drain(b)
		call(b, 1000)
		pass(time.Second / 2)
		if got := drain(b); got < 99 {
			t.Errorf("1000 calls earned %d, want 100", got)
		}
	})
}

func TestUpdateKeepsTheStock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Settings{Percent: 10})
		for range 3 {
			b.Take()
		}
		b.Update(Settings{Percent: 50, MinPerSecond: 1})
		if s := b.Status(); s.Tokens != 7 || s.Percent != 50 || s.MinPerSecond != 1 {
			t.Errorf("status is %+v, want 7 tokens", s)
		}
		b.Update(Settings{})
		if s := b.Status(); s.Tokens != 0 || s.Capacity != 0 {
			t.Errorf("a budget that earns nothing holds %v", s.Tokens)
		}
	})
}

func TestCallsAreNotPaidAgainAtTheNewShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Settings{Percent: 10})
		drain(b)
		call(b, 100)
		b.Update(Settings{Percent: 100})
		if got := drain(b); got != 10 {
			t.Errorf("100 calls earned %d, want 10", got)
		}
	})
}

// P13: check and take are one step: of ten tokens, takers at the same time get
// ten, not more nor less.
func TestP13BudgetTakeIsOneStep(t *testing.T) {
	for range 2000 {
		b := New(Settings{Percent: 10})
		var taken atomic.Int64
		var all sync.WaitGroup
		start := make(chan struct{})
		for range 8 {
			all.Go(func() {
				<-start
				for range 3 {
					if b.Take() {
						taken.Add(1)
					}
				}
			})
		}
		close(start)
		all.Wait()
		if got := taken.Load(); got != initialStock {
			t.Fatalf("%d taken of %d", got, initialStock)
		}
	}
}

// P13, while calls come in and earn.
func TestP13TakesAndCallsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose clock stands still: waiting earns nothing
		const takers, each, callsBefore, callsEach = 64, 50, 1000, 5
		b := New(Settings{Percent: 10})
		call(b, callsBefore)
		stock := b.Status().Tokens

		var taken atomic.Int64
		var all sync.WaitGroup
		for range takers {
			all.Go(func() {
				for i := range each {
					if b.Take() {
						taken.Add(1)
					}
					if i < callsEach {
						b.Call()
					}
				}
			})
		}
		all.Wait()
		taken.Add(int64(drain(b)))

		s := b.Status()
		most := int64(stock + takers*callsEach*0.1)
		if got := taken.Load(); got > most || got < int64(stock) {
			t.Errorf("%d taken of %d", got, most)
		}
		if s.Taken != uint64(taken.Load()) || s.Taken+s.Refused < takers*each {
			t.Errorf("%d were taken and %d refused, says the status; %d were", s.Taken, s.Refused, taken.Load())
		}
	})
}

// Over any calls, takes and steps of time, what is taken is at most the stock to
// start with and what each slot of a second or more earned.
func TestTakenIsAtMostEarned(outer *testing.T) {
	rapid.Check(outer, func(t *rapid.T) {
		s := Settings{
			Percent:      rapid.Float64Range(0, 700).Draw(t, "percent"),
			MinPerSecond: rapid.Float64Range(0, 50).Draw(t, "minPerSecond"),
		}
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{
				wait:  time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "wait")) * rapid.SampledFrom([]time.Duration{0, 1}).Draw(t, "waits"),
				calls: rapid.IntRange(0, 50).Draw(t, "calls"),
				takes: rapid.IntRange(0, 60).Draw(t, "takes"),
			}
		}), 1, 60).Draw(t, "steps")
		var excess float64
		synctest.Test(outer, func(*testing.T) { excess = run(s, steps) })
		if excess > 1e-6 {
			t.Fatalf("%.3f more taken than earned", excess)
		}
	})
}

type step struct {
	wait         time.Duration
	calls, takes int
}

// run carries the steps out and returns the most by which what was taken
// exceeded what the slots so far had earned, by the definition.
func run(s Settings, steps []step) (excess float64) {
	b := New(s)
	began, inSlot := time.Now(), 0.0
	bound, taken := 10.0, 0.0 // of the slots that are over
	excess = math.Inf(-1)
	for _, st := range steps {
		pass(st.wait)
		call(b, st.calls)
		inSlot += float64(st.calls)
		for range st.takes {
			elapsed := time.Since(began)
			open := max(s.Percent/100*inSlot, s.MinPerSecond*elapsed.Seconds())
			if b.Take() {
				taken++
			}
			excess = max(excess, taken-bound-open)
			if elapsed >= time.Second {
				bound += open
				began, inSlot = time.Now(), 0
			}
		}
	}
	return excess
}

func TestCallAllocatesNothing(t *testing.T) {
	b := New(Settings{Percent: 10, MinPerSecond: 10})
	if n := testing.AllocsPerRun(1000, func() { b.Call(); b.Take() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCall(b *testing.B) {
	budget := New(Settings{Percent: 10})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			budget.Call()
		}
	})
}

func BenchmarkTake(b *testing.B) {
	budget := New(Settings{Percent: 10, MinPerSecond: 10})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			budget.Take()
		}
	})
}
