package demo

import (
	"slices"
	"testing"
	"time"
)

func TestPeaksOfASeedAreTheSame(t *testing.T) {
	if a, b := newTimeline(3, 1), newTimeline(3, 1); !slices.Equal(a, b) {
		t.Error("one seed and replica drew two timelines")
	}
	if a, b := newTimeline(3, 1), newTimeline(3, 2); slices.Equal(a, b) {
		t.Error("two replicas of a seed share their peaks")
	}
	if a, b := newTimeline(3, 1), newTimeline(4, 1); slices.Equal(a, b) {
		t.Error("two seeds share their peaks")
	}
}

func TestPeaksAreATenthOfTheTime(t *testing.T) {
	for seed := range uint64(20) {
		for replica := range 3 {
			line := newTimeline(seed, replica)
			var sum, last time.Duration
			for _, p := range line {
				if p.from < last || p.to <= p.from || p.to > timelineSpan {
					t.Fatalf("seed %d, replica %d: peak %v after %v", seed, replica, p, last)
				}
				sum, last = sum+p.to-p.from, p.to
			}
			if share := float64(sum) / float64(timelineSpan); share < 0.07 || share > 0.12 {
				t.Errorf("seed %d, replica %d: in a peak for %.3f of the time", seed, replica, share)
			}
		}
	}
}

func TestPeaking(t *testing.T) {
	line := timeline{{from: time.Second, to: 2 * time.Second}, {from: 5 * time.Second, to: 6 * time.Second}}
	f := func(at time.Duration, want bool) {
		t.Helper()
		if got := line.peaking(at); got != want {
			t.Errorf("at %v: peaking = %v", at, got)
		}
	}
	f(0, false)
	f(time.Second, true)
	f(2*time.Second-1, true)
	f(2*time.Second, false)
	f(5500*time.Millisecond, true)
	f(time.Minute, false)
	f(timelineSpan+1500*time.Millisecond, true)
}

func TestPeaksWithin(t *testing.T) {
	line := timeline{{from: time.Second, to: 3 * time.Second}, {from: 5 * time.Second, to: 6 * time.Second}, {from: 9 * time.Second, to: 10 * time.Second}}
	got := line.within(2*time.Second, 9*time.Second)
	want := []peak{{from: 0, to: time.Second}, {from: 3 * time.Second, to: 4 * time.Second}}
	if !slices.Equal(got, want) {
		t.Errorf("within = %v, want %v", got, want)
	}
}
