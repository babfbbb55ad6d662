package daemon

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
)

// headroom is how much the heap may at least grow between two garbage
// collections, in bytes. A proxy's live heap is a few megabytes, and Go would
// collect after as much again: many times a second under load, a tenth of the
// CPU. The cost is at most this much memory. See docs/adr/0006.
const headroom = 16 << 20

// collector gives the garbage collector headroom while the heap is small. As
// the live heap grows the percentage falls to Go's own 100. It does nothing
// where the user has set GOGC.
type collector struct {
	percent int // in force
	sample  []metrics.Sample
}

func newCollector() *collector {
	c := &collector{percent: 100, sample: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
	if os.Getenv("GOGC") != "" {
		c.sample = nil
	}
	return c
}

// adjust follows the live heap. Setting the percentage stops the world for a
// moment, so small changes are let pass.
func (c *collector) adjust() {
	if c.sample == nil {
		return
	}
	metrics.Read(c.sample)
	want := gcPercent(c.sample[0].Value.Uint64())
	if want > c.percent*5/4 || want < c.percent*4/5 {
		debug.SetGCPercent(want)
		c.percent = want
	}
}

// restore puts back Go's own percentage, for a process that goes on.
func (c *collector) restore() {
	if c.sample != nil && c.percent != 100 {
		debug.SetGCPercent(100)
	}
}

// gcPercent is the percentage that lets a live heap of so many bytes grow by
// the headroom, between 100 and 400.
func gcPercent(live uint64) int {
	return int(min(max(headroom*100/max(live, 1), 100), 400))
}
