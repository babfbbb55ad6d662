package adapt

import (
	"fmt"
	"math"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// hedgeRate is the share of calls that are hedged at a learned quantile, and what the
// controller is told of attempts that were cancelled because another one won.
func hedgeRate(q float64, seed uint64, lost func(*Controller) func(hedge.Trigger, time.Duration)) float64 {
	w := meet(Settings{Deadline: 10 * time.Second, FanOut: 2, Mode: Quantile, Quantile: q}, 100, seed)
	w.rate = 1000
	w.answer = func(time.Duration) (time.Duration, Kind) { // so scattered that hedges often win
		return time.Duration(20e6 * math.Exp(0.8*w.random.NormFloat64())), Success
	}
	if lost != nil {
		w.lost = lost(w.Controller)
	}
	w.run(10 * time.Second)
	seen := w.run(30 * time.Second)
	return seen.load()
}

// P4: what is known of a lost attempt is that it would have taken longer. Told so, the
// controller hedges at the nominal rate.
func TestP4CensoredLosersKeepTheHedgeRateNominal(t *testing.T) {
	for _, q := range []float64{0.5, 0.9, 0.99} {
		t.Run(fmt.Sprintf("p%s", percent(q)), func(t *testing.T) {
			nominal := 1 - q
			if rate := hedgeRate(q, 1, nil); math.Abs(rate-nominal) > nominal/8 {
				t.Errorf("hedge rate is %.4f, want %.4f within an eighth", rate, nominal)
			}
		})
	}
}

// The same run tells the wrong ways from the right one, so that the test above can fail.
func TestP4OtherTreatmentsBiasTheHedgeRate(t *testing.T) {
	dropped := func(*Controller) func(hedge.Trigger, time.Duration) { return func(hedge.Trigger, time.Duration) {} }
	measured := func(c *Controller) func(hedge.Trigger, time.Duration) {
		return func(_ hedge.Trigger, age time.Duration) { c.Observe(hedge.Initial, Success, age) }
	}
	f := func(name string, q float64, lost func(*Controller) func(hedge.Trigger, time.Duration)) {
		t.Helper()
		nominal := 1 - q
		if rate := hedgeRate(q, 1, lost); math.Abs(rate-nominal) <= nominal/8 {
			t.Errorf("p%s, lost attempts %s: hedge rate is %.4f, nominal for all its bias", percent(q), name, rate)
		}
	}
	f("dropped", 0.5, dropped)
	f("dropped", 0.9, dropped)
	f("taken as measured", 0.5, measured)
}
