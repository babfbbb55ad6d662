package adapt

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBucketsCoverEveryLatency(t *testing.T) {
	f := func(d time.Duration, want int) {
		t.Helper()
		if got := bucketOf(d); got != want {
			t.Errorf("bucketOf(%v) = %d, want %d", d, got, want)
		}
	}
	f(-time.Second, 0)
	f(0, 0)
	f(shortest-1, 0)
	f(shortest, 0)
	f(2*shortest-1, perOctave-1)
	f(2*shortest, perOctave)
	f(edge(buckets)-1, buckets-1)
	f(edge(buckets), buckets-1)
	f(math.MaxInt64, buckets-1)
}

func TestBucketHoldsItsLatency(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(int64(shortest), int64(edge(buckets))-1).Draw(t, "latency"))
		i := bucketOf(d)
		if d < edge(i) || d >= edge(i+1) {
			t.Fatalf("bucketOf(%v) = %d, which is %v to %v", d, i, edge(i), edge(i+1))
		}
	})
}

func TestBucketsGrowEvenly(t *testing.T) {
	want := math.Exp2(1.0 / perOctave)
	for i := range buckets {
		if at, before := bucketOf(edge(i)), bucketOf(edge(i)-1); at != i || before != max(i-1, 0) {
			t.Errorf("the edge of bucket %d lies in %d, what is shorter in %d", i, at, before)
		}
		if got := float64(edge(i+1)) / float64(edge(i)); math.Abs(got-want) > 1e-4 {
			t.Errorf("bucket %d grows by %.6f, want %.6f", i, got, want)
		}
	}
}
