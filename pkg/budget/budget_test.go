package budget

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clocked is a budget with the time that its test has reached.
type clocked struct {
	*Budget
	now time.Time
}

func begin(s Settings) *clocked {
	now := time.Unix(1_700_000_000, 0)
	return &clocked{New(s, now), now}
}

func (c *clocked) pass(d time.Duration) { c.now = c.now.Add(d) }

func (c *clocked) call(n int) {
	for range n {
		c.Call()
	}
}

// take takes a token that is held to the pace, if there is one.
func (c *clocked) take() bool { return c.Take(true, c.now) }

func (c *clocked) status() Status { return c.Status(c.now) }

// drain takes all there is and returns how much that was.
func (c *clocked) drain() (taken int) {
	for c.take() {
		taken++
	}
	return taken
}

func TestStockToStartWith(t *testing.T) {
	f := func(s Settings, want int) {
		t.Helper()
		if got := begin(s).drain(); got != want {
			t.Errorf("%+v starts with %d tokens, want %d", s, got, want)
		}
	}
	f(Settings{Percent: 10}, 10)
	f(Settings{MinPerSecond: 1}, 10)
	f(Settings{}, 0)
	f(Settings{Percent: -1, MinPerSecond: -1}, 0)
}

func TestCallsEarnTheirShare(t *testing.T) {
	f := func(percent float64, calls, want int) {
		t.Helper()
		b := begin(Settings{Percent: percent})
		b.drain()
		b.call(calls)
		if got := b.drain(); got != want {
			t.Errorf("%d calls at %v %% earn %d, want %d", calls, percent, got, want)
		}
	}
	f(10, 9, 0)
	f(10, 10, 1)
	f(10, 100, 10)
	f(25, 30, 7)
	f(700, 10, 70) // all at once with a fan-out of 8
	f(0, 1000, 0)
}

func TestQuietUpstreamEarnsTheFloor(t *testing.T) {
	b := begin(Settings{Percent: 10, MinPerSecond: 2})
	b.drain()
	for range 5 {
		b.call(3) // 0.3 tokens, below the floor: not on top of it
		b.pass(time.Second)
		if got := b.drain(); got != 2 {
			t.Errorf("a second earns %d, want 2", got)
		}
	}
}

// Within a slot the larger of share and floor counts, over the whole of it: a busy
// second is not paid on top of the quiet ones around it.
func TestSlotEarnsTheLargerOfShareAndFloor(t *testing.T) {
	b := begin(Settings{Percent: 10, MinPerSecond: 2})
	b.drain()
	b.call(100)
	if got := b.drain(); got != 10 {
		t.Errorf("100 calls earn %d, want 10", got)
	}
	b.pass(5 * time.Second)
	if got := b.drain(); got != 0 {
		t.Errorf("the floor of 5 s adds %d to the 10 that calls earned", got)
	}
	b.pass(time.Second)
	if got := b.drain(); got != 2 {
		t.Errorf("after 6 s the floor adds %d, want 2", got)
	}
	b.pass(54 * time.Second)
	b.drain() // ends the slot
	b.call(100)
	if got := b.drain(); got != 10 {
		t.Errorf("in the next slot 100 calls earn %d, want 10", got)
	}
}

func TestStockIsWhatAMinuteEarns(t *testing.T) {
	b := begin(Settings{Percent: 10})
	for range 600 { // 10 minutes of 100 calls a second
		b.call(100)
		b.pass(time.Second)
		b.status()
	}
	s := b.status()
	if math.Abs(s.Capacity-600) > 10 || s.Tokens != s.Capacity {
		t.Errorf("%.1f tokens of %.1f, want about 600 of 600", s.Tokens, s.Capacity)
	}
	b.pass(time.Hour) // the rate goes down, and the stock with it
	if s = b.status(); s.Capacity != leastCapacity || s.Tokens != leastCapacity {
		t.Errorf("after a quiet hour %.1f of %.1f, want 10 of 10", s.Tokens, s.Capacity)
	}
}

func TestFirstSecondIsNotCutOff(t *testing.T) {
	b := begin(Settings{Percent: 10})
	b.drain()
	b.call(1000)
	b.pass(time.Second / 2)
	if got := b.drain(); got < 99 {
		t.Errorf("1000 calls earned %d, want 100", got)
	}
}

func TestUpdateKeepsTheStock(t *testing.T) {
	b := begin(Settings{Percent: 10})
	for range 3 {
		b.take()
	}
	b.Update(Settings{Percent: 50, MinPerSecond: 1}, b.now)
	if s := b.status(); s.Tokens != 7 || s.Percent != 50 || s.MinPerSecond != 1 {
		t.Errorf("status is %+v, want 7 tokens", s)
	}
	b.Update(Settings{}, b.now)
	if s := b.status(); s.Tokens != 0 || s.Capacity != 0 {
		t.Errorf("a budget that earns nothing holds %v", s.Tokens)
	}
}

func TestCallsAreNotPaidAgainAtTheNewShare(t *testing.T) {
	b := begin(Settings{Percent: 10})
	b.drain()
	b.call(100)
	b.Update(Settings{Percent: 100}, b.now)
	if got := b.drain(); got != 10 {
		t.Errorf("100 calls earned %d, want 10", got)
	}
}

// P13: check and take are one step: of ten tokens, takers at the same time get
// ten, not more nor less.
func TestP13BudgetTakeIsOneStep(t *testing.T) {
	for range 2000 {
		b := begin(Settings{Percent: 10})
		var taken atomic.Int64
		var all sync.WaitGroup
		start := make(chan struct{})
		for range 8 {
			all.Go(func() {
				<-start
				for range 3 {
					if b.take() {
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

func TestCallAllocatesNothing(t *testing.T) {
	b := begin(Settings{Percent: 10, MinPerSecond: 10})
	if n := testing.AllocsPerRun(1000, func() { b.Call(); b.take() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCall(b *testing.B) {
	budget := begin(Settings{Percent: 10})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			budget.Call()
		}
	})
}

func BenchmarkTake(b *testing.B) {
	budget := begin(Settings{Percent: 10, MinPerSecond: 10})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			budget.Take(true, time.Now())
		}
	})
}
