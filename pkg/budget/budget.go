package budget

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	slot          = time.Minute // the least time over which calls and floor are compared
	burst         = time.Minute // what this long earns is the largest stock
	leastCapacity = 10          // tokens: the largest stock of the quietest upstream
	initialStock  = 10          // tokens that a new budget starts with
)

// Budget is a stock of tokens that calls fill and further attempts empty. It is
// safe for concurrent use.
type Budget struct {
	calls atomic.Uint64 // all calls so far; all that a call without a further attempt touches

	mu       sync.Mutex // guards what follows; held for arithmetic only
	settings Settings
	stock    float64   // tokens
	rate     float64   // calls a second, decaying over a burst
	began    time.Time // when the slot began
	before   uint64    // calls when the slot began
	credited float64   // what the slot has put into the stock
	taken    uint64
	refused  uint64

	pace  float64 // tokens that a call puts into short; 0: it does not bound
	most  float64 // the most that short holds
	short float64 // what may be taken now, whatever the stock
	drawn uint64  // calls that have paid into short
}

// New returns a budget with ten tokens in stock, or none if it can earn none.
func New(s Settings, now time.Time) *Budget {
	b := &Budget{settings: s, began: now}
	b.stock = min(initialStock, s.capacity(0))
	return b
}

// Update changes the settings. What was earned under the old ones stays in
// stock, as far as the new capacity holds it.
func (b *Budget) Update(s Settings, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle(now, 0) // so that the old calls are not paid again at the new share
	b.settings = s
	b.stock = min(b.stock, s.capacity(b.rate))
}

// Call counts one call. It is one atomic addition.
func (b *Budget) Call() { b.calls.Add(1) }

// Take takes a token for a further attempt and reports whether there was one; of a paced
// one also within the pace. Check and take are one step: takers at the same time never
// share a token.
func (b *Budget) Take(paced bool, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle(now, slot)
	paced = paced && b.pace > 0
	if b.stock < 1 || paced && b.short < 1 {
		b.refused++
		return false
	}
	b.stock--
	if paced {
		b.short--
	}
	b.taken++
	return true
}

// Pace bounds how fast paced takers may spend the stock, whatever is in it: perCall
// further attempts for each call from now on, what is not taken being kept up to most.
// A perCall of 0 takes the bound away.
func (b *Budget) Pace(perCall, most float64, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settle(now, slot)
	if b.pace == 0 {
		b.short = most
	}
	b.pace, b.most = max(perCall, 0), most
	b.short = min(b.short, most)
}

// settle puts into the stock what the slot has earned since the last time. A
// slot of at least that length ends with it. It returns the present capacity.
func (b *Budget) settle(now time.Time, least time.Duration) (capacity float64) {
	total := b.calls.Load()
	calls, seconds := float64(total-b.before), now.Sub(b.began).Seconds()

	earned := b.settings.earned(calls, seconds)
	rate := b.rateWith(calls, seconds)
	capacity = b.settings.capacity(rate)
	b.stock = min(b.stock+earned-b.credited, capacity)
	b.credited = earned

	if b.pace > 0 {
		b.short = min(b.short+b.pace*float64(total-b.drawn), b.most)
	}
	b.drawn = total

	if now.Sub(b.began) >= least {
		b.rate, b.began, b.before, b.credited = rate, now, total, 0
	}
	return capacity
}

// rateWith returns the rate of calls with the open slot's taken in. It decays
// over a burst, so that capacity is about what the last minute earned.
func (b *Budget) rateWith(calls, seconds float64) float64 {
	if seconds == 0 {
		return b.rate + calls/burst.Seconds()
	}
	weight := 1 - math.Exp(-seconds/burst.Seconds())
	return b.rate + weight*(calls/seconds-b.rate)
}

// Return gives back to the pace what a taker took that has been worth it. The stock stays as it is.
func (b *Budget) Return() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.short = min(b.short+1, b.most)
}
