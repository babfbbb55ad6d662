//go:build !race

package adapt

import (
	"fmt"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// D3: hedging is back within two seconds of traffic after what happens in every cluster.
func TestHedgesAgainWithinTwoSeconds(t *testing.T) {
	u := &tail{median: 5 * ms, deadline: 500 * ms}
	disturbances := map[string]func(w *world){
		"silence": func(w *world) { w.quiet(45 * time.Second) },
		"hiccups": func(w *world) {
			for range 12 {
				w.hiccup(30 * ms)
				w.run(500 * ms)
			}
		},
		"edit": func(w *world) {
			w.settings.Target, w.settings.FanOut = 0.9999, 4
			w.Update(w.settings)
		},
		"endpoint restart": func(w *world) { // a third of the attempts fails at once for two seconds
			w.answer = w.lossy(u.median, 0, 1.0/3)
			w.run(2 * time.Second)
		},
	}
	for what, disturb := range disturbances {
		for _, rate := range []float64{5, 50, 500} {
			t.Run(fmt.Sprintf("%s at %v a second", what, rate), func(t *testing.T) {
				w := u.enter(10, 3)
				w.rate = rate
				w.run(max(10*time.Second, time.Duration(200/rate)*time.Second))
				disturb(w)
				w.answer = w.heavy(u.median, tailShare, tailExtra)
				w.run(2 * time.Second)
				if p := w.Plan(); u.outlook(p).hedged < 0.9 {
					t.Errorf("%.2f of the slow calls get a hedge: %s", u.outlook(p).hedged, p.Reason)
				}
			})
		}
	}
}

// spell is the upstream of u, then so many seconds at which requests queue, then the first
// again: what came of calls in the queue and after it, and how long it took to hold hedging
// back to less than half.
func (u *tail) spell(fanOut int, service time.Duration) (held time.Duration, during, after tally) {
	w := u.enter(10, fanOut)
	w.run(20 * time.Second)
	began := w.now
	held = hedge.Forever
	w.ticked = func() {
		if held == hedge.Forever && w.Plan().Figures.Independence < 0.5 {
			held = w.now - began
		}
	}
	w.answer = w.queue(4, service)
	during = w.run(10 * time.Second)
	w.answer = w.heavy(u.median, tailShare, tailExtra)
	w.run(2 * time.Second)
	return held, during, w.run(5 * time.Second)
}

// P12: everything slows at once, as requests queue. Hedges do not make it worse.
func TestP12EverythingSlowsAtOnce(t *testing.T) {
	u := &tail{median: 5 * ms, deadline: 500 * ms}
	for _, load := range []float64{0.7, 0.85, 0.95} {
		service := time.Duration(load * 4 / 500 * 1e9) // of four workers
		_, alone, _ := u.spell(1, service)
		_, hedged, after := u.spell(3, service)
		if hedged.success() < alone.success()-0.001 {
			t.Errorf("at a load of %v %.4f of calls are answered, %.4f without hedges", load, hedged.success(), alone.success())
		}
		if after.success() < 0.999 {
			t.Errorf("%.4f of calls are answered afterwards", after.success())
		}
	}
}

// What hedging is for: a heavy tail is cut at a fraction of the budget.
func TestHeavyTailIsCut(t *testing.T) {
	u := &tail{median: 5 * ms, deadline: 500 * ms}
	w := u.enter(10, 3)
	w.run(5 * time.Second)
	seen := w.run(10 * time.Second)
	late := 0
	for _, d := range seen.latency {
		if d > 100*ms {
			late++
		}
	}
	if share := float64(late) / float64(len(seen.latency)); share > 0.002 {
		t.Errorf("%.4f of calls take over 100 ms, of 0.02 without hedges", share)
	}
	if seen.load() > 0.1 || seen.load() < 0.01 {
		t.Errorf("it costs %.3f of a budget of 0.1", seen.load())
	}
}

func TestALightTailCostsNothing(t *testing.T) {
	w := meet(*of(500*ms, 3), 10, 1)
	w.answer = w.heavy(10*ms, 0, 0)
	w.run(10 * time.Second)
	if seen := w.run(10 * time.Second); seen.load() > 0.1 || seen.success() < 1 {
		t.Errorf("%.3f further attempts a call, %.4f answered", seen.load(), seen.success())
	}
}
