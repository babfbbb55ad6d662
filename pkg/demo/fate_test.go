package demo

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestFateDependsOnItsArgumentsOnly(t *testing.T) {
	differ := 0
	for call := range uint64(1000) {
		fate, latency := drawFate(1, 0, call, 1, true)
		again, same := drawFate(1, 0, call, 1, true)
		if fate != again || latency != same {
			t.Fatalf("call %d met two fates", call)
		}
		if _, other := drawFate(1, 1, call, 1, true); other != latency {
			differ++
		}
	}
	if differ < 500 {
		t.Errorf("two replicas differ in %d of 1000 calls only", differ)
	}
}

func TestFatesHaveTheirShares(t *testing.T) {
	const calls = 100_000
	f := func(peaking bool, want map[fate]float64) {
		t.Helper()
		counts := make(map[fate]int)
		for call := range uint64(calls) {
			fate, _ := drawFate(9, 2, call, 1, peaking)
			counts[fate]++
		}
		for fate, share := range want {
			if got := float64(counts[fate]) / calls; math.Abs(got-share) > 0.01 {
				t.Errorf("peaking %v: fate %d for %.3f of the calls, want %.3f", peaking, fate, got, share)
			}
		}
	}
	f(false, map[fate]float64{served: 1, shed: 0, dropped: 0, stalled: 0})
	f(true, map[fate]float64{served: 1 - dropShare - stallShare - shedShare, shed: shedShare, dropped: dropShare, stalled: stallShare})
}

func TestLatencyIsLognormalWithASlowTail(t *testing.T) {
	const calls = 100_000
	latencies := make([]time.Duration, calls)
	slow := 0
	for call := range latencies {
		_, latencies[call] = drawFate(9, 2, uint64(call), 1, false)
		if latencies[call] > slowShortest {
			slow++
		}
	}
	slices.Sort(latencies)
	f := func(p, standardDeviations float64) {
		t.Helper()
		want := float64(latencyMedian) * math.Exp(latencySigma*standardDeviations)
		if got := float64(percentile(latencies, p)); math.Abs(got/want-1) > 0.03 {
			t.Errorf("p%g = %v, want about %v", 100*p, time.Duration(got), time.Duration(want))
		}
	}
	f(0.5, 0)
	f(0.9, 1.2816)
	if share := float64(slow) / calls; math.Abs(share-slowShare) > 0.002 {
		t.Errorf("%.4f of the answers are slow, want %.4f", share, slowShare)
	}
}
