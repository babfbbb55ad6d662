package budget

import (
	"testing"
	"time"
)

// full is a budget with the stock of a busy minute.
func full() *clocked {
	b := begin(Settings{Percent: 10})
	for range 60 {
		b.call(100)
		b.pass(time.Second)
		b.status()
	}
	return b
}

func TestPaceBoundsHowFastTheStockIsSpent(t *testing.T) {
	b := full()
	stock := b.status().Tokens
	b.Pace(0.5, 8, b.now)
	if got := b.drain(); got != 8 {
		t.Errorf("%d taken at once of %.0f in stock, want the 8 that may be", got, stock)
	}
	b.call(10)
	if got := b.drain(); got != 5 {
		t.Errorf("10 calls let %d be taken, want 5", got)
	}
	b.call(1000)
	if got := b.drain(); got != 8 {
		t.Errorf("after many calls %d at once, want 8", got)
	}
	b.Pace(0, 0, b.now)
	if got := b.drain(); got < int(stock)/2 {
		t.Errorf("without a pace only %d are left of %.0f", got, stock)
	}
}

func TestPaceDoesNotAddToTheStock(t *testing.T) {
	b := begin(Settings{Percent: 10})
	b.drain()
	b.Pace(5, 1000, b.now)
	b.call(100)
	if got := b.drain(); got != 10 {
		t.Errorf("%d taken, want the 10 that were earned", got)
	}
}

// A pace that is set again, as every tick does, gives nothing away.
func TestPaceSetAgainIsNotFilledAnew(t *testing.T) {
	b := full()
	b.Pace(0.5, 8, b.now)
	b.drain()
	for range 10 {
		b.Pace(0.5, 8, b.now)
	}
	if got := b.drain(); got != 0 {
		t.Errorf("%d taken without a call", got)
	}
	b.call(4)
	b.Pace(0.5, 1, b.now) // and what it may hold is lowered at once
	if got := b.drain(); got != 1 {
		t.Errorf("%d taken, want 1", got)
	}
}

// Calls from before a pace was set do not pay into it.
func TestPaceBeginsWithTheCallsFromNowOn(t *testing.T) {
	b := full()
	b.call(1000)
	b.Pace(0.5, 2, b.now)
	if got := b.drain(); got != 2 {
		t.Errorf("%d taken, want 2", got)
	}
}

// A retry of a failure is not held to the pace that is set for hedges, and does not use
// it up; the stock pays for both.
func TestPaceHoldsOnlyWhatIsPaced(t *testing.T) {
	b := full()
	stock := int(b.status().Tokens)
	b.Pace(0.5, 8, b.now)
	for range stock / 2 {
		if !b.Take(false, b.now) {
			t.Fatalf("a take that is not paced is refused, with %v tokens in stock", b.status().Tokens)
		}
	}
	if got := b.drain(); got != 8 {
		t.Errorf("%d paced ones follow, want all 8 that the pace has", got)
	}
	left := stock - stock/2 - 8
	got := 0
	for b.Take(false, b.now) {
		got++
	}
	if got != left {
		t.Errorf("%d more can be taken without the pace, want the %d that are left in stock", got, left)
	}
	if refused := b.status().Refused; refused != 2 {
		t.Errorf("%d refusals are counted, want one of each kind", refused)
	}
}
