package proxy

import (
	"sync/atomic"
	"time"
)

const (
	// tickInterval is how often Tick is called.
	tickInterval = 100 * time.Millisecond
	// mostlyIdle is the number of rounds that the time between two of them would
	// hold: ticking takes at most a fifth of one core.
	mostlyIdle = 5
)

// rounds is the pace of ticking. With very many policies in use a round of ticks
// takes long, and the interval stretches.
type rounds struct {
	next     time.Time    // no round before; only Tick looks at it
	duration atomic.Int64 // of the last rounds, in nanoseconds, smoothed by halves
	interval atomic.Int64 // between rounds, in nanoseconds
}

// Tick lets every policy in use make its next plan. It is called every 100 ms,
// from one goroutine.
func (h *Handler) Tick(now time.Time) {
	h.release(func(r retiree) bool { return now.After(r.until) })
	if now.Before(h.rounds.next) {
		return
	}
	began := time.Now()
	for _, r := range h.routes.Load().byRule {
		r.state.controller.Tick(now) // of an idle one this is a look at a pointer or at its counters
	}
	h.rounds.took(time.Since(began), now)
}

// took counts a round that began at that time, and says when the next one may.
func (r *rounds) took(duration time.Duration, now time.Time) {
	smooth := (time.Duration(r.duration.Load()) + duration) / 2
	interval := max(tickInterval, mostlyIdle*smooth)
	r.duration.Store(int64(smooth))
	r.interval.Store(int64(interval))
	if interval > tickInterval {
		r.next = now.Add(interval - tickInterval/2) // calls of Tick come a little early or late
	}
}
