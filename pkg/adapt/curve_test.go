package adapt

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sample is one attempt as an observer sees it.
type sample struct {
	kind Kind
	age  time.Duration
}

func windowOf(samples ...sample) *window {
	n := &counts{}
	for _, s := range samples {
		n[s.kind][bucketOf(s.age)]++
	}
	w := &window{}
	w.add(n)
	return w
}

// estimate makes a window's curve, without a prior.
func (w *window) estimate() *curve {
	h, c := &hazards{}, &curve{}
	h.curve(c, 1, w.hazards(h, nil))
	return c
}

func near(t *testing.T, what string, got, want time.Duration, tolerance float64) {
	t.Helper()
	if math.Abs(float64(got-want)) > tolerance*float64(want) {
		t.Errorf("%s is %v, want %v within %v %%", what, got, want, tolerance*100)
	}
}

func TestCurveOfWhatIsAnsweredOnly(t *testing.T) {
	var samples []sample
	for i := range 1000 {
		samples = append(samples, sample{Success, time.Duration(i+1) * time.Millisecond})
	}
	c := windowOf(samples...).estimate()
	for _, q := range []float64{0.05, 0.5, 0.9, 0.95, 0.99} {
		near(t, percent(q)+" % point", c.quantile(q), time.Duration(q*1000)*time.Millisecond, 0.02)
	}
}

// One bucket is 4.4 % wide: without interpolation these would all be its edge.
func TestQuantilesLieInsideBuckets(t *testing.T) {
	var samples []sample
	for range 10_000 {
		samples = append(samples, sample{Success, 100 * time.Millisecond})
	}
	c := windowOf(samples...).estimate()
	i := bucketOf(100 * time.Millisecond)
	width := edge(i+1) - edge(i)
	near(t, "a quarter", c.quantile(0.25), edge(i)+width/4, 1e-4)
	near(t, "three quarters", c.quantile(0.75), edge(i)+width*3/4, 1e-4)
	near(t, "all", c.quantile(1), edge(i+1), 1e-4)
}

// The product limit by hand: of 200, 50 are answered while 100 are censored, who
// were at risk for half of the time; then 20 fail and 30 are answered.
func TestCurveByHand(t *testing.T) {
	var n counts
	var w window
	n[Success][100], n[Censored][100] = 50, 100
	n[Failure][200] = 20
	n[Success][300] = 30
	w.add(&n)
	c := w.estimate()
	f := func(bucket int, want float64) {
		t.Helper()
		if got := c.answered[bucket]; math.Abs(got-want) > 0.01 {
			t.Errorf("answered by bucket %d is %.6f, want %.6f", bucket, got, want)
		}
	}
	f(99, 0)
	f(100, 1.0/3)                 // 50 of 200 − 100/2
	f(299, 1.0/3)                 // of the other 2/3, two fifths fail
	f(300, 1.0/3+2.0/3*3/5)       // and the rest is answered
	f(buckets-1, 1.0/3+2.0/3*3/5) // where it stays
	if want := 1.0/3 + 2.0/3*3/5; math.Abs(c.total-want) > 0.01 {
		t.Errorf("answered in the end is %.6f, want %.6f", c.total, want)
	}
}

// Whether those left at the end are ever answered goes by how many they are.
func TestDoubtAboutTheEnd(t *testing.T) {
	f := func(left, want float64) {
		t.Helper()
		var n counts
		var w window
		n[Success][100], n[Censored][200] = float32(9*left), float32(left)
		w.add(&n)
		if got := w.estimate().total; math.Abs(got-want) > 0.01 {
			t.Errorf("with %v left, %.4f are said to be answered, want %.4f", left, got, want)
		}
	}
	f(1, 0.9+0.1*10/11)
	f(10, 0.95)
	f(990, 0.901)
}

// The quantile of answered attempts does not move when others fail explicitly,
// early or late, and independently of how long an answer would have taken.
func TestExplicitFailuresCompete(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var alone, failing []sample
	for range 50_000 {
		d := time.Duration(20e6 * math.Exp(0.5*random.NormFloat64()))
		alone = append(alone, sample{Success, d})
		if random.Float64() < 0.3 {
			failing = append(failing, sample{Failure, time.Duration(random.Float64() * 60e6)})
		} else {
			failing = append(failing, sample{Success, d})
		}
	}
	want, got := windowOf(alone...).estimate(), windowOf(failing...).estimate()
	for _, q := range []float64{0.05, 0.5, 0.95, 0.99} {
		near(t, percent(q)+" % point", got.quantile(q), want.quantile(q), 0.03)
	}
	if math.Abs(got.total-0.7) > 0.01 {
		t.Errorf("%.3f are said to be answered, want 0.7", got.total)
	}
}

// A tenth is never answered. Whether each of these lives until the deadline or
// is cancelled when a hedge wins, the answered ones are known for what they are.
func TestSilentLossIsNotLatency(t *testing.T) {
	f := func(name string, cancelled func(random *rand.Rand) time.Duration) {
		t.Helper()
		random := rand.New(rand.NewPCG(2, 2))
		var all []sample
		for range 50_000 {
			d, age := time.Duration(20e6*math.Exp(0.5*random.NormFloat64())), cancelled(random)
			switch silent := random.Float64() < 0.1; {
			case silent || age < d:
				all = append(all, sample{Censored, age})
			default:
				all = append(all, sample{Success, d})
			}
		}
		c := windowOf(all...).estimate()
		if math.Abs(c.total-0.9) > 0.01 {
			t.Errorf("%s: %.3f are said to be answered, want 0.9", name, c.total)
		}
		near(t, name+": p95", c.quantile(0.95), 45520*time.Microsecond, 0.03) // 20 ms × exp(0.5 × 1.645)
	}
	f("at the deadline", func(*rand.Rand) time.Duration { return time.Second })
	f("by a hedge", func(random *rand.Rand) time.Duration {
		return 45*time.Millisecond + time.Duration(20e6*math.Exp(0.5*random.NormFloat64()))
	})
}

func TestNoAnswerMakesNoCurve(t *testing.T) {
	f := func(name string, samples ...sample) {
		t.Helper()
		if c := windowOf(samples...).estimate(); c.total > 0 && c.answered[buckets-1] > 0 {
			t.Errorf("%s: some are said to be answered", name)
		}
	}
	f("nothing")
	f("failures", sample{Failure, time.Millisecond}, sample{Failure, time.Second})
	f("censored", sample{Censored, time.Millisecond}, sample{Censored, time.Second})
}

// Whatever is observed, a curve rises from 0 to at most 1 and so do its quantiles.
func TestCurveIsAProbability(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n counts
		for range rapid.IntRange(1, 50).Draw(t, "cells") {
			k := rapid.IntRange(0, kinds-1).Draw(t, "kind")
			i := rapid.IntRange(0, buckets-1).Draw(t, "bucket")
			n[k][i] += rapid.Float32Range(1e-9, 1e6).Draw(t, "count")
		}
		var w window
		w.add(&n)
		c := w.estimate()
		before := 0.0
		for i, by := range &c.answered {
			if math.IsNaN(by) || by < before || by > 1+1e-9 {
				t.Fatalf("answered by bucket %d is %v after %v", i, by, before)
			}
			before = by
		}
		if c.total < before || c.total > 1+1e-9 {
			t.Fatalf("answered in the end is %v, so far %v", c.total, before)
		}
		last := time.Duration(0)
		for q := 0.0; q <= 1; q += 0.05 {
			d := c.quantile(q)
			if d < last || d > edge(buckets) {
				t.Fatalf("quantile %v is %v after %v", q, d, last)
			}
			last = d
		}
	})
}
