package adapt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// virtual is a run of calls in virtual time, each hedged once at the learned
// quantile, against an upstream whose latency is lognormal (σ 0.5).
type virtual struct {
	quantile float64
	seed     uint64
	// lost tells the learner of an attempt that was cancelled at that age,
	// because the call's other one won.
	lost func(l *Controller, first bool, age time.Duration)
}

func censored(l *Controller, first bool, age time.Duration) {
	if first {
		l.Observe(hedge.Initial, Censored, age)
	} else {
		l.Observe(hedge.Stagger, Censored, age)
	}
}

func dropped(*Controller, bool, time.Duration) {}

// measured takes the age of whatever lost for a latency.
func measured(l *Controller, _ bool, age time.Duration) { l.Observe(hedge.Initial, Success, age) }

// hedgeRate makes 100,000 calls, one a millisecond, and returns the share of
// them that was hedged.
func (v virtual) hedgeRate() float64 {
	const (
		calls = 100_000
		gap   = time.Millisecond
		tick  = 100 * time.Millisecond
	)
	random := rand.New(rand.NewPCG(v.seed, 4))
	latency := func() time.Duration {
		return time.Duration(20e6 * math.Exp(0.5*random.NormFloat64()))
	}
	l := New(Settings{Deadline: 10 * time.Second, FanOut: 2, Mode: Quantile, Quantile: v.quantile}, purse())
	ends := map[int][]func(){} // what the learner is told, by tick
	hedged, ticks := 0, 0
	for i := range calls {
		now := time.Duration(i) * gap
		for ; time.Duration(ticks)*tick <= now; ticks++ {
			for _, tell := range ends[ticks] {
				tell()
			}
			delete(ends, ticks)
			l.Tick(time.Unix(0, 0).Add(time.Duration(ticks) * tick))
		}
		stagger, first := l.Plan().Gaps[0], latency()
		won, tell := first, func() { l.Observe(hedge.Initial, Success, first) }
		if first > stagger {
			hedged++
			if second := stagger + latency(); second < first {
				won, tell = second, func() { v.lost(l, true, second) }
			} else {
				tell = func() { l.Observe(hedge.Initial, Success, first); v.lost(l, false, first-stagger) }
			}
		}
		at := int((now+won)/tick) + 1
		ends[at] = append(ends[at], tell)
	}
	return float64(hedged) / calls
}

// P4: what is known of a lost attempt is that it would have taken longer. Told
// so, the learner hedges at the nominal rate.
func TestP4CensoredLosersKeepTheHedgeRateNominal(t *testing.T) {
	for _, q := range []float64{0.5, 0.9, 0.99} {
		for _, seed := range []uint64{1, 2} {
			t.Run(fmt.Sprintf("p%s seed %d", percent(q), seed), func(t *testing.T) {
				nominal := 1 - q
				rate := virtual{quantile: q, seed: seed, lost: censored}.hedgeRate()
				if math.Abs(rate-nominal) > nominal/10 {
					t.Errorf("hedge rate is %.4f, want %.4f within a tenth", rate, nominal)
				}
			})
		}
	}
}

// The same run tells the two wrong ways from the right one, so that the test
// above can fail.
func TestP4OtherTreatmentsBiasTheHedgeRate(t *testing.T) {
	f := func(name string, q float64, lost func(*Controller, bool, time.Duration)) {
		t.Helper()
		nominal := 1 - q
		rate := virtual{quantile: q, seed: 1, lost: lost}.hedgeRate()
		if math.Abs(rate-nominal) <= nominal/10 {
			t.Errorf("p%s, lost attempts %s: hedge rate is %.4f, nominal for all its bias", percent(q), name, rate)
		}
	}
	f("dropped", 0.5, dropped)
	f("dropped", 0.9, dropped)
	f("dropped", 0.99, dropped)
	f("taken as measured", 0.5, measured) // above it few attempts lose, and they hardly show
}
