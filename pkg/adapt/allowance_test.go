package adapt

import (
	"math"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/budget"
)

func TestAllowanceFollowsTheBudget(t *testing.T) {
	f := func(what string, s budget.Status, want allowance) {
		t.Helper()
		a := allowance{calls: 100}
		a.follow(s, time.Second)
		for i, x := range [][2]float64{{a.rate, want.rate}, {a.share, want.share}, {a.stock, want.stock}, {a.full, want.full}} {
			equal(t, what+": "+[]string{"rate", "share", "stock", "full"}[i], x[0], x[1])
		}
	}
	recent := 1 - 1/math.E // of what came within a second
	f("a share", budget.Status{Percent: 10, Calls: 1100, Tokens: 30, Capacity: 120},
		allowance{rate: 1000 * recent, share: 0.1, stock: 30, full: 0.25})
	f("the floor of a quiet upstream", budget.Status{Percent: 10, MinPerSecond: 5, Calls: 110, Tokens: 9, Capacity: 10},
		allowance{rate: 10 * recent, share: 5 / (10 * recent), stock: 9, full: 0.9})
	f("the floor of a busy one", budget.Status{Percent: 10, MinPerSecond: 5, Calls: 1100, Capacity: 10},
		allowance{rate: 1000 * recent, share: 0.1})
	f("no call", budget.Status{Percent: 10, MinPerSecond: 5, Calls: 100, Capacity: 10}, allowance{share: 0.1})
	f("nothing to earn", budget.Status{Percent: -1, Calls: 1100}, allowance{rate: 1000 * recent})
	f("more than it holds", budget.Status{Tokens: 20, Capacity: 10, Calls: 100}, allowance{stock: 20, full: 1})
}

func TestRateOfTheFirstTickIsNotKnown(t *testing.T) {
	var a allowance
	a.follow(budget.Status{Calls: 500, Percent: 10}, 0)
	equal(t, "rate", a.rate, 0)
	a.follow(budget.Status{Calls: 550, Percent: 10}, tick)
	equal(t, "rate", a.rate, 500*(1-math.Exp(-0.1)))
}

// While calls are lost the stock pays for up to ten times the budget, else what is
// below a tenth of it is kept.
func TestMostThatACallMayCost(t *testing.T) {
	f := func(full float64, losing bool, calm, want float64) {
		t.Helper()
		a := allowance{share: 0.1, full: full}
		equal(t, "most", a.most(losing, calm), want)
	}
	f(1, true, 1, 1)
	f(0.5, true, 1, 0.5)
	f(1, true, 0.3, 0.3)
	f(0.05, true, 1, 0.1)
	f(1, true, 0, 0.1)
	f(1, false, 1, 0.1)
	f(0.1, false, 1, 0.1)
	f(0.05, false, 1, 0.05)
	f(0, false, 1, 0)
}

func TestPace(t *testing.T) {
	f := func(rate float64, losing bool, planned, perCall, most float64) {
		t.Helper()
		a := allowance{share: 0.1, rate: rate}
		gotPerCall, gotMost := a.pace(losing, planned)
		equal(t, "pace a call", gotPerCall, perCall)
		equal(t, "most at once", gotMost, most)
	}
	f(100, false, 0.05, 0.4, 40)
	f(100, false, 0.5, 0.75, 75)
	f(100, true, 0.5, 1, 100)
	f(100, true, 2, 3, 300)
	f(10, false, 0.05, 0.4, 10)
	f(0, true, 0, 1, 10)
}
