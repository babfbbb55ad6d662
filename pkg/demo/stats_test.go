package demo

import (
	"testing"
	"time"
)

func TestPercentileIsTheNearestRank(t *testing.T) {
	thousand := make([]time.Duration, 1000)
	for i := range thousand {
		thousand[i] = time.Duration(i + 1)
	}
	f := func(sorted []time.Duration, p float64, want time.Duration) {
		t.Helper()
		if got := percentile(sorted, p); got != want {
			t.Errorf("percentile %g of %d = %d, want %d", p, len(sorted), got, want)
		}
	}
	f(nil, 0.5, 0)
	f(thousand[:1], 0.5, 1)
	f(thousand[:1], 0.999, 1)
	f(thousand[:2], 0.5, 1)
	f(thousand[:3], 0.5, 2)
	f(thousand, 0, 1)
	f(thousand, 0.5, 500)
	f(thousand, 0.99, 990)
	f(thousand, 0.999, 999)
	f(thousand, 0.9991, 1000)
	f(thousand, 1, 1000)
}

func TestSummary(t *testing.T) {
	const deadline = 100 * time.Millisecond
	samples := []sample{
		{elapsed: 10 * time.Millisecond},
		{elapsed: 20 * time.Millisecond},
		{elapsed: time.Millisecond, end: failed},           // counts as the deadline
		{elapsed: 150 * time.Millisecond, end: late},       // counts as what it took
		{elapsed: 200 * time.Millisecond, end: unanswered}, // counts as what it took
		{end: unsent},
	}
	got := summarize(samples, 9, deadline)
	want := summary{calls: 6, successes: 2, p50: deadline, p99: 2 * deadline, p999: 2 * deadline, extraLoad: 0.5}
	if got != want {
		t.Errorf("summary = %+v, want %+v", got, want)
	}
	if ratio := got.successRatio(); ratio != 1.0/3 {
		t.Errorf("success ratio = %v", ratio)
	}
	if none := summarize(nil, 0, deadline); none != (summary{}) || none.successRatio() != 0 {
		t.Errorf("summary of nothing = %+v", none)
	}
}
