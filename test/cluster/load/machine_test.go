package load

import (
	"testing"
	"time"
)

// Of ten seconds the third and the fourth are withheld by half.
func starvedMachine(begin time.Time) *machine {
	var stolen, all float64
	m := &machine{read: func() (float64, float64) { return stolen, all }}
	for i := range 101 {
		m.look(begin.Add(time.Duration(i) * lookEvery))
		all += 20
		if i >= 20 && i < 40 {
			stolen += 10
		}
	}
	return m
}

func TestWithheldIsWhatTheIntervalLacked(t *testing.T) {
	begin := time.Now()
	m := starvedMachine(begin)
	f := func(from, to time.Duration, want float64) {
		t.Helper()
		if got := m.withheld(begin.Add(from), begin.Add(to)); got < want-0.03 || got > want+0.03 {
			t.Errorf("from %v to %v %.3f, want %.3f", from, to, got, want)
		}
	}
	f(0, 2*time.Second, 0)
	f(2*time.Second, 4*time.Second, 0.5)
	f(0, 4*time.Second, 0.25)
	f(3*time.Second, 9*time.Second, 0.5/6)
	f(5*time.Second, time.Minute, 0)
	if got := (&machine{}).withheld(begin, begin.Add(time.Second)); got != 0 {
		t.Errorf("%v before anybody looked", got)
	}
}

func TestOnlyLateCallsAreExcused(t *testing.T) {
	begin := time.Now()
	second := func(n int) time.Time { return begin.Add(time.Duration(n) * time.Second) }
	r := Result{Target: "x", Calls: 100, Failures: []Failure{
		{second(0), 2 * time.Second, "late, and the machine had time"},
		{second(2), 2 * time.Second, "late"},
		{second(2), 1900 * time.Millisecond, "failed sooner"},
		{second(3), 3 * time.Second, "later"},
		{second(7), 2 * time.Second, "late, and the machine had time"},
	}}
	r.excuse(2*time.Second, starvedMachine(begin))
	if r.Starved != 1 || r.Calls != 99 || len(r.Failures) != 4 {
		t.Errorf("%+v", r)
	}
	if text := r.String(); text != "x: 99 calls, 4 failed (95.960 % succeeded), p50 0s, p99 0s, max 0s (and 1 late while the machine was starved)" {
		t.Error(text)
	}
}

// The real one has at least as much as was withheld of it.
func TestProcessors(t *testing.T) {
	if stolen, all := processors(); all <= 0 || stolen < 0 || stolen > all {
		t.Errorf("%v of %v ticks", stolen, all)
	}
}
