package main

import (
	"strings"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	for _, name := range settings() {
		value := "0.25"
		switch name {
		case "delay", "peak", "every", "quiet", "least", "most":
			value = "25ms"
		case "status":
			value = "500"
		}
		b, err := usual().with(name, value)
		if err != nil || b == usual() {
			t.Errorf("%s=%s changes nothing: %v", name, value, err)
		}
		if b, err := usual().with(name, ""); err != nil || b != usual() {
			t.Errorf("%s without a value: %+v, %v", name, b, err)
		}
		if _, err := usual().with(name, "-1"); name != "status" && (err == nil || !strings.HasPrefix(err.Error(), name)) {
			t.Errorf("%s=-1: %v", name, err)
		}
	}
	if _, err := usual().with("delya", "1s"); err == nil || !strings.Contains(err.Error(), "delay") {
		t.Errorf("a name that is misspelled: %v", err)
	}
	for _, pair := range [][2]string{{"least", "1s"}, {"stall", "0.9"}} {
		if b, err := usual().with(pair[0], pair[1]); err != nil || b.check() == nil {
			t.Errorf("%v goes with the rest", pair)
		}
	}
}

func TestFates(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	b := usual()
	b.delay, b.fail = 5*time.Millisecond, 0.1
	b.peak, b.every = time.Second, time.Minute
	f := func(at time.Time, peaking bool, lot float64, want fate, wait time.Duration) {
		t.Helper()
		if got, took := b.meet(at, peaking, lot); got != want || took != wait {
			t.Errorf("lot %v, peaking %v: %v after %v, want %v after %v", lot, peaking, got, took, want, wait)
		}
	}

	quiet := now.Add(time.Second)
	f(quiet, false, 0, served, 5*time.Millisecond)
	f(quiet, false, 0.89, served, 5*time.Millisecond)
	f(quiet, false, 0.91, shed, 5*time.Millisecond)
	f(now.Add(400*time.Millisecond), false, 0, served, 605*time.Millisecond) // in the periodic peak
	f(quiet, true, 0.14, dropped, 0)
	f(quiet, true, 0.24, shed, 0)
	f(quiet, true, 0.39, stalled, 0)
	f(quiet, true, 0.41, served, 5*time.Millisecond)
	f(quiet, true, 0.91, shed, 5*time.Millisecond)
}

func TestRandomPeaks(t *testing.T) {
	begin := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	random := usual().random
	random.quiet = 8 * time.Second
	// walk returns the share of an hour that is in peaks, how many there are, and
	// the shortest and the longest.
	walk := func(l *timeline) (share float64, peaks int, least, most time.Duration) {
		const step = 10 * time.Millisecond
		var length, sum time.Duration
		least = time.Hour
		for at := time.Duration(0); at < time.Hour; at += step {
			if l.peaking(begin.Add(at)) {
				length += step
				continue
			}
			if length > 0 {
				peaks, sum = peaks+1, sum+length
				least, most, length = min(least, length), max(most, length), 0
			}
		}
		return sum.Hours(), peaks, least, most
	}

	share, peaks, least, most := walk(newTimeline(random, "pod-a", "1", begin))
	if want := 0.55 / 8.55; share < 0.8*want || share > 1.2*want {
		t.Errorf("%.3f of the time is in peaks, want about %.3f", share, want)
	}
	if least < 280*time.Millisecond || most > 820*time.Millisecond {
		t.Errorf("%d peaks last from %v to %v", peaks, least, most)
	}
	if again, n, _, _ := walk(newTimeline(random, "pod-a", "1", begin)); again != share || n != peaks {
		t.Error("the same pod and seed have other peaks")
	}
	if other, _, _, _ := walk(newTimeline(random, "pod-b", "1", begin)); other == share {
		t.Error("another pod has the same peaks")
	}
	if other, _, _, _ := walk(newTimeline(random, "pod-a", "2", begin)); other == share {
		t.Error("another seed has the same peaks")
	}
	random.quiet = 0
	if newTimeline(random, "pod-a", "1", begin).peaking(begin.Add(time.Hour)) {
		t.Error("there are random peaks although nobody asked for them")
	}
}
