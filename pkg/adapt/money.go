package adapt

import (
	"time"

	"hedged.dev/hedged/pkg/budget"
)

// money is what calls may cost.
type money struct {
	calls  uint64  // as last counted
	rate   float64 // calls a second, recently
	share  float64 // further attempts a call that the budget earns
	stock  float64 // tokens
	rich   float64 // how far the stock is filled up to its reserve, from 0 to 1
	needed float64 // further attempts a call that losses take, over the time that fills the stock
}

// follow takes up the budget's state.
func (m *money) follow(s budget.Status, passed time.Duration) {
	if seconds := passed.Seconds(); seconds > 0 {
		weight := 1 - decay(passed, fastMemory)
		if m.rate == 0 {
			weight = 1
		}
		m.rate += weight * (float64(s.Calls-m.calls)/seconds - m.rate)
	}
	m.calls, m.stock = s.Calls, s.Tokens
	m.share = max(s.Percent, 0) / 100
	if m.share == 0 && m.rate > 0 { // else the floor is for losses at a quiet upstream: of many daemons each is quiet
		m.share = s.MinPerSecond / m.rate
	}
	m.rich = min(1, s.Tokens/max(m.share*m.rate*reserve.Seconds(), 1))
}

// need takes up what losses would take of a call: retries, and hedges as late as they can be.
func (m *money) need(attempts float64, passed time.Duration) {
	m.needed += (1 - decay(passed, time.Minute)) * (attempts - m.needed)
}

// early returns what hedges may cost a call: what is left of the budget beyond what losses
// need, half of it at most until the reserve is filled, and then the late hedges as well.
func (m *money) early(late, retries float64) float64 {
	needed := (1 - m.rich) * min(m.needed, 2*(late+retries)) // a full stock is there for them
	left := max(0, m.share-max(needed, retries))
	return min(left, m.share*max(0.5, m.rich)) + min(1, 2*m.rich)*max(0, slack*late-needed)
}
