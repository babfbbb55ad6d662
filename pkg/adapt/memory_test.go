package adapt

import (
	"runtime"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// bytesEach returns the heap that one of many controllers takes.
func bytesEach(used func(*Controller)) uint64 {
	const many = 500
	heap := func() uint64 {
		for range 3 { // what finalizers and pools keep goes with a later one
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	all := make([]*Controller, many)
	b := purse()
	before := heap()
	for i := range all {
		all[i] = New(adaptive(), b)
		used(all[i])
	}
	after := heap()
	runtime.KeepAlive(all)
	runtime.KeepAlive(b)
	return (after - min(before, after)) / many
}

// Thousands of policies may be without traffic.
func TestMemory(t *testing.T) {
	f := func(what string, most uint64, used func(*Controller)) {
		t.Helper()
		if got := bytesEach(used); got < most/8 || got > most {
			t.Errorf("a controller that %s takes %d bytes, want at most %d, and more than nothing", what, got, most)
		}
	}
	f("has observed nothing", 2<<10, func(c *Controller) { c.Tick(epoch) })
	f("is busy", 48<<10, func(c *Controller) {
		answer(c, 100, 100*time.Millisecond)
		c.Tick(epoch)
		c.Observe(hedge.Stagger, Success, time.Millisecond)
		c.Tick(epoch.Add(time.Second))
	})
}
