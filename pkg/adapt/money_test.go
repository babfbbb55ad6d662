package adapt

import (
	"math"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/budget"
)

func TestMoneyFollowsTheBudget(t *testing.T) {
	f := func(what string, s budget.Status, share, rich float64) {
		t.Helper()
		m := money{calls: 100}
		m.follow(s, time.Second)
		equal(t, what+": share", m.share, share)
		equal(t, what+": rich", m.rich, rich)
		equal(t, what+": stock", m.stock, s.Tokens)
	}
	f("a share", budget.Status{Percent: 10, Calls: 1100, Tokens: 30, Capacity: 120}, 0.1, 30/(0.1*1000*reserve.Seconds()))
	f("the floor pays for no early hedges", budget.Status{Percent: 10, MinPerSecond: 5, Calls: 110, Tokens: 9, Capacity: 10}, 0.1, 9/(0.1*10*reserve.Seconds()))
	f("but where there is nothing else", budget.Status{MinPerSecond: 5, Calls: 110, Tokens: 9, Capacity: 10}, 0.5, 9/(0.5*10*reserve.Seconds()))
	f("the least of a busy one", budget.Status{Percent: 10, MinPerSecond: 5, Calls: 1100, Capacity: 10}, 0.1, 0)
	f("no call", budget.Status{Percent: 10, MinPerSecond: 5, Calls: 100, Capacity: 10}, 0.1, 0)
	f("nothing to earn", budget.Status{Percent: -1, Calls: 1100}, 0, 0)
	f("more than it holds", budget.Status{Tokens: 20, Capacity: 10, Calls: 100}, 0, 1)
}

func TestRateOfCallsFollowsWithinSeconds(t *testing.T) {
	var m money
	calls := uint64(0)
	see := func(rate float64, d time.Duration) {
		for ; d > 0; d -= tick {
			calls += uint64(rate * tick.Seconds())
			m.follow(budget.Status{Calls: calls}, tick)
		}
	}
	m.follow(budget.Status{Calls: 0}, 0)
	equal(t, "rate of no time", m.rate, 0)
	see(500, tick)
	equal(t, "rate of the first tick", m.rate, 500)
	see(100, 5*fastMemory)
	if math.Abs(m.rate-100) > 10 {
		t.Errorf("the rate is %.1f after seconds at 100", m.rate)
	}
}

// What losses need comes first; of what is left half goes to early hedges until the
// reserve is filled, and then all of it, with what late hedges would have cost.
func TestWhatHedgesMayCost(t *testing.T) {
	f := func(what string, needed, rich, late, retries, want float64) {
		t.Helper()
		m := money{share: 0.1, needed: needed, rich: rich}
		equal(t, what, m.early(late, retries), want)
	}
	f("no reserve", 0, 0, 0, 0, 0.1*0.5)
	f("a quarter of it", 0, 0.25, 0, 0, 0.1*0.5)
	f("a full one", 0, 1, 0, 0, 0.1)
	f("a full one and losses", 0.02, 1, 0.02, 0, 0.1+slack*0.02)
	f("losses that need nearly all", 0.09, 0, 0.09, 0, 0.01)
	f("losses that need more", 0.2, 0, 0.2, 0, 0)
	f("losses that need more, a full reserve", 0.2, 1, 0.2, 0, 0.1+slack*0.2)
	f("retries that have just begun", 0, 1, 0, 0.08, 0.02)
}

func TestWhatLossesNeedIsAMean(t *testing.T) {
	var m money
	for range 10 {
		m.need(1, tick)
	}
	if m.needed > 0.05 {
		t.Errorf("after a second %.2f of 1 is needed", m.needed)
	}
	for range 5 * 600 {
		m.need(1, tick)
	}
	if m.needed < 0.95 {
		t.Errorf("after minutes %.2f of 1 is needed", m.needed)
	}
}

// The pace is the budget, less while hedging is held, and more only by what is proven.
func TestPace(t *testing.T) {
	s := adaptive()
	pace := func(change func(*view)) (perCall, most float64) {
		v := view{money: money{share: 0.1, rate: 100}}
		change(&v)
		return v.pace(&s)
	}
	perCall, most := pace(func(*view) {})
	equal(t, "pace of what is not proven", perCall, 0.1)
	equal(t, "at once", most, 0.1*100*burst.Seconds())
	_, most = pace(func(v *view) { v.money.rate = 5 })
	equal(t, "at once, at a low rate", most, leastBurst)
	_, most = pace(func(v *view) { v.money.rate = 10_000 })
	equal(t, "at once, at a high rate", most, 0.1*10_000*burst.Seconds())
	proven := func(v *view) {
		v.evidence.succeeded, v.evidence.expected = [triggers]float64{1: 90}, [triggers]float64{1: 90}
	}
	perCall, _ = pace(proven)
	equal(t, "pace of what is proven", perCall, 0.1*(1+spree))
	perCall, _ = pace(func(v *view) { proven(v); v.level.highest = ratioMoved })
	equal(t, "pace of what is proven, moved", perCall, 0.1)
	perCall, _ = pace(func(v *view) { v.level.highest = ratioMoved })
	equal(t, "pace of what is not proven, moved", perCall, 0)
	perCall, _ = pace(func(v *view) { proven(v); v.pushed = true })
	equal(t, "pace under pushback", perCall, 0)
	s.TrustUpstream = true
	perCall, _ = pace(func(v *view) { v.level.highest = ratioMoved })
	equal(t, "pace where the upstream is trusted", perCall, 0.1)
}
