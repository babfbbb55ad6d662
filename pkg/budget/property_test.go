package budget

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// slack is what sums of floating-point numbers may be off by.
const slack = 1e-6

// G5: in any slot, at every moment, what was taken is at most what was in stock
// when it began and max(percent × calls, minPerSecond × elapsed).
func TestTakenIsAtMostEarnedInEverySlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Settings{
			Percent:      rapid.Float64Range(0, 700).Draw(t, "percent"),
			MinPerSecond: rapid.Float64Range(0, 50).Draw(t, "minPerSecond"),
		}
		b := begin(s)
		l := ledger{settings: s, began: b.now, stock: b.status().Tokens}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			b.pass(time.Duration(rapid.SampledFrom([]int64{0, 1, 40, 7_000, 61_000}).Draw(t, "ms")) * time.Millisecond)
			if b.now.Sub(l.began) >= slot {
				l = ledger{settings: s, began: b.now, stock: b.status().Tokens} // which ends the slot
			}
			n := rapid.IntRange(0, 60).Draw(t, "times")
			switch rapid.SampledFrom([]string{"call", "call", "take", "take", "take", "retry", "pace", "look"}).Draw(t, "step") {
			case "call":
				b.call(n)
				l.calls += float64(n)
			case "take":
				for range n {
					if b.take() {
						l.taken++
					}
				}
			case "retry":
				for range n {
					if b.Take(false, b.now) {
						l.taken++
					}
				}
			case "pace":
				b.Pace(float64(n)/10, float64(n), b.now)
			case "look":
				b.status()
			}
			if excess := l.taken - l.bound(b.now); excess > slack {
				t.Fatalf("%v more taken than the slot allows: %+v", excess, l)
			}
		}
	})
}

// ledger is a slot by the definition.
type ledger struct {
	settings     Settings
	began        time.Time
	stock        float64 // when it began
	calls, taken float64
}

func (l *ledger) bound(now time.Time) float64 {
	return l.stock + max(l.settings.Percent/100*l.calls, l.settings.MinPerSecond*now.Sub(l.began).Seconds())
}

// P13, and G5 on every interleaving: callers, takers and a clock run at once, and each taker
// checks the bound after each token that it got.
func TestP13TakesAndCallsAtOnce(t *testing.T) {
	for _, s := range []Settings{{Percent: 20}, {MinPerSecond: 100}, {Percent: 20, MinPerSecond: 100}} {
		const goroutines, rounds = 8, 3000
		b := begin(s)
		var calls, taken, elapsed atomic.Int64 // calls and elapsed run ahead of the budget's own
		var all sync.WaitGroup
		for range goroutines {
			all.Go(func() {
				for range rounds {
					calls.Add(1)
					b.Call()
					elapsed.Add(int64(time.Millisecond)) // 24 s in all: one slot
					if !b.Take(true, b.now.Add(time.Duration(elapsed.Load()))) {
						continue
					}
					got := float64(taken.Add(1))
					l := ledger{settings: s, began: b.now, stock: initialStock, calls: float64(calls.Load())}
					if most := l.bound(b.now.Add(time.Duration(elapsed.Load()))); got > most+slack {
						t.Errorf("%v taken, %v allowed", got, most)
						return
					}
				}
			})
		}
		all.Wait()
		if got := taken.Load(); got < 2000 {
			t.Errorf("%+v: only %d taken", s, got)
		}
	}
}
