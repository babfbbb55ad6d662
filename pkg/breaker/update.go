package breaker

import "github.com/sony/gobreaker/v2"

// mostReplayed bounds the marks that a rebuilt breaker is told again.
const mostReplayed = 1000

// Update changes the settings and keeps the state. Thresholds are in force for
// the next mark and touch nothing else. Another Window, OpenFor or
// HalfOpenAttempts rebuilds gobreaker: a closed breaker stays closed and keeps
// its counts, as if they had come just now and, beyond a thousand, in
// proportion; an open one stays open for a whole OpenFor; a half-open one is
// open again for as long, since gobreaker has no other way into that state, and
// what its probes bring is dropped.
func (b *Breaker) Update(s Settings) {
	b.update.Lock()
	defer b.update.Unlock()
	old := b.settings.Swap(&s)
	if old.sameShape(&s) {
		return
	}
	was := b.core.Load()
	// The phase first: a breaker that opens in between is one mark behind, and
	// the next failure opens it.
	phase, counts := was.now.Load(), was.gate.Counts()
	c := newCore(&s, func() {
		if b.core.Load() != was { // the replay opens nothing anew
			b.countOpened()
		}
	})
	if phase.state == Closed {
		c.trips = func(gobreaker.Counts) bool { return false }
		c.replay(counts)
		c.now.Store(phase) // attempts that this phase let through still count
	} else {
		c.trips = func(gobreaker.Counts) bool { return true }
		c.mark(Failure)
	}
	c.trips = b.trips
	b.core.Store(c)
}

// replay tells gobreaker the counts of another, so that successes, failures and
// the run of failures at the end are as they were.
func (c *core) replay(n gobreaker.Counts) {
	run := min(n.ConsecutiveFailures, n.TotalFailures, mostReplayed)
	successes, failures := float64(n.TotalSuccesses), float64(n.TotalFailures-run)
	scale := 1.0
	if room := float64(mostReplayed - run); successes+failures > room {
		scale = room / (successes + failures)
	}
	c.repeat(Failure, int(failures*scale+0.5))
	c.repeat(Success, int(successes*scale+0.5))
	c.repeat(Failure, int(run))
}

func (c *core) repeat(m Mark, times int) {
	for range times {
		c.mark(m)
	}
}
