package adapt

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

// adaptive are the settings of a policy that leaves all to the controller.
func adaptive() Settings {
	return Settings{
		Deadline: 300 * time.Millisecond, FanOut: 3, Adaptive: true, Target: 0.999,
		Mode: Auto, Min: time.Millisecond, Initial: 150 * time.Millisecond,
	}
}

// BenchmarkTick is a tick of a busy policy: a thousand calls a second, a share of
// which is lost, hedged or failed. G6: at most 200 µs with a fan-out of 3.
func BenchmarkTick(b *testing.B) {
	bench := func(name string, s Settings) {
		b.Run(name, func(b *testing.B) {
			random := rand.New(rand.NewPCG(1, 1))
			purse := budget.New(budget.Settings{Percent: 10}, epoch)
			c, now := New(s, purse), epoch
			load := func() {
				for range 100 {
					c.Begin()
					d := time.Duration(10e6 * math.Exp(0.5*random.NormFloat64()))
					switch lot := random.Float64(); {
					case lot < 0.01:
						c.Observe(hedge.Initial, Failure, d/4)
						c.Observe(hedge.Failure, Success, d)
					case lot < 0.03:
						c.Observe(hedge.Initial, Censored, 50*time.Millisecond)
						c.Observe(hedge.Stagger, Success, d)
					default:
						c.Observe(hedge.Initial, Success, d)
					}
				}
				now = now.Add(100 * time.Millisecond)
			}
			for range 300 {
				load()
				c.Tick(now)
			}
			ticking := time.Duration(0) // of which b's own timer would disturb the caches
			for b.Loop() {
				load()
				began := time.Now()
				c.Tick(now)
				ticking += time.Since(began)
			}
			b.ReportMetric(float64(ticking.Nanoseconds())/float64(b.N), "ns/tick")
			b.ReportMetric(0, "ns/op")
		})
	}
	bench("fan-out=3", adaptive())
	s := adaptive()
	s.FanOut, s.Target = 8, 0.99999
	bench("fan-out=8", s) // at most 500 µs
	s.Within = 50 * ms
	bench("fan-out=8,within", s)
}

// BenchmarkObserve is the end of an attempt. G6: at most 50 ns. Run it with -cpu 1,2.
func BenchmarkObserve(b *testing.B) {
	c := New(adaptive(), purse())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for d := time.Duration(0); pb.Next(); d += 100 * time.Microsecond {
			c.Observe(hedge.Initial, Success, 10*time.Millisecond+d%(20*time.Millisecond))
		}
	})
}

// BenchmarkCall is what a call costs that needs no further attempt: a plan, a token
// earned, an end observed. Run it with -cpu 1,2.
func BenchmarkCall(b *testing.B) {
	c := New(adaptive(), budget.New(budget.Settings{Percent: 10}, epoch))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for d := time.Duration(0); pb.Next(); d += 100 * time.Microsecond {
			_ = c.Begin().Gaps
			c.Observe(hedge.Initial, Success, 10*time.Millisecond+d%(20*time.Millisecond))
		}
	})
}
