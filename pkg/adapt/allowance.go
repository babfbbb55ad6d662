package adapt

import (
	"time"

	"hedged.dev/hedged/pkg/budget"
)

const (
	spree     = 10  // times the budget that may be spent while calls are lost, out of the stock
	paceUsual = 4   // times the budget in the short run
	keep      = 0.1 // of the stock's capacity, below which the tail is no longer trimmed in full
	rateTime  = time.Second
)

// allowance is what a plan may cost.
type allowance struct {
	calls uint64  // as last counted
	rate  float64 // calls a second, recently
	share float64 // further attempts a call that the budget earns
	stock float64 // tokens
	full  float64 // the share of the stock's capacity that is filled
}

// follow takes up the budget's state.
func (a *allowance) follow(s budget.Status, passed time.Duration) {
	if seconds := passed.Seconds(); seconds > 0 {
		weight := 1 - decay(passed, rateTime)
		a.rate += weight * (float64(s.Calls-a.calls)/seconds - a.rate)
	}
	a.calls = s.Calls
	a.stock = s.Tokens
	a.full = 0
	if s.Capacity > 0 {
		a.full = min(s.Tokens/s.Capacity, 1)
	}
	a.share = max(s.Percent, 0) / 100
	if a.rate > 0 {
		a.share = max(a.share, s.MinPerSecond/a.rate)
	}
}

// most returns what a call may cost: the budget, and while calls are lost more, in
// proportion to what is left of the stock, if nothing queues.
func (a *allowance) most(losing bool, calm float64) float64 {
	if losing {
		return a.share * max(1, spree*a.full*calm)
	}
	return a.share * min(1, a.full/keep)
}

// pace returns how fast the stock may be spent, in further attempts a call, and how
// many at once.
func (a *allowance) pace(losing bool, planned float64) (perCall, most float64) {
	perCall = max(paceUsual*a.share, 1.5*planned)
	if losing {
		perCall = max(perCall, spree*a.share)
	}
	return perCall, max(10, perCall*a.rate)
}
