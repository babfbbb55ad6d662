package demo

import (
	"math"
	"slices"
	"testing"
	"time"
)

// lossy are habits with a share of everything.
func lossy() habits {
	return habits{
		median: 8 * time.Millisecond, sigma: 0.5,
		slow: slowness{share: 0.05, least: 60 * time.Millisecond, longer: 120 * time.Millisecond},
		drop: 0.3, stall: 0.2, shed: 0.1,
	}
}

func TestFateDependsOnItsArgumentsOnly(t *testing.T) {
	differ := 0
	for call := range uint64(1000) {
		fate, latency := lossy().draw(dice(1, 0, arrival{call: call, attempt: 1}))
		again, same := lossy().draw(dice(1, 0, arrival{call: call, attempt: 1, at: time.Second}))
		if fate != again || latency != same {
			t.Fatalf("call %d met two fates", call)
		}
		if _, other := lossy().draw(dice(1, 1, arrival{call: call, attempt: 1})); other != latency {
			differ++
		}
	}
	if differ < 500 {
		t.Errorf("two replicas differ in %d of 1000 calls only", differ)
	}
}

func TestFatesHaveTheirShares(t *testing.T) {
	const calls = 100_000
	f := func(h habits, want map[fate]float64) {
		t.Helper()
		counts := make(map[fate]int)
		for call := range uint64(calls) {
			fate, _ := h.draw(dice(9, 2, arrival{call: call, attempt: 1}))
			counts[fate]++
		}
		for fate, share := range want {
			if got := float64(counts[fate]) / calls; math.Abs(got-share) > 0.01 {
				t.Errorf("fate %d for %.3f of the calls, want %.3f", fate, got, share)
			}
		}
	}
	f(habits{}, map[fate]float64{served: 1, shed: 0, dropped: 0, stalled: 0})
	f(lossy(), map[fate]float64{served: 0.4, shed: 0.1, dropped: 0.3, stalled: 0.2})
}

func TestLatencyIsLognormalWithASlowTail(t *testing.T) {
	const calls = 100_000
	h := lossy()
	h.drop, h.stall, h.shed = 0, 0, 0
	latencies := make([]time.Duration, calls)
	slow := 0
	for call := range latencies {
		_, latencies[call] = h.draw(dice(9, 2, arrival{call: uint64(call), attempt: 1}))
		if latencies[call] > 60*time.Millisecond {
			slow++
		}
	}
	slices.Sort(latencies)
	f := func(p, standardDeviations float64) {
		t.Helper()
		want := 8 * math.Exp(0.5*standardDeviations)
		if got := inMilliseconds(percentile(latencies, p)); math.Abs(got/want-1) > 0.03 {
			t.Errorf("p%g = %.2f ms, want about %.2f", 100*p, got, want)
		}
	}
	f(0.475, 0) // the body is the other 95 %
	f(0.95*0.9, 1.2816)
	if share := float64(slow) / calls; math.Abs(share-0.05) > 0.003 {
		t.Errorf("%.4f of the answers are slow, want 0.05", share)
	}
}
