package adapt

import (
	"math"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// steps is a cumulative hazard by hand: nothing succeeds in the first hundred
// buckets, then 1 in the next of them, and 1 more in bucket 200.
func steps() *[buckets]float64 {
	var h [buckets]float64
	for i := 100; i < buckets; i++ {
		h[i] = float64(i / 100)
	}
	for i := 300; i < buckets; i++ {
		h[i] = 2
	}
	return &h
}

// end is ends of one trigger in one bucket.
type end struct {
	trigger hedge.Trigger
	kind    Kind
	bucket  int
	n       float32
}

func (f *further) ends(all ...end) *further {
	var e ends
	for _, x := range all {
		e[x.trigger][x.kind][x.bucket] += x.n
	}
	f.take(&e, steps(), 0)
	return f
}

// Expected is the hazard to the middle of the bucket in which an attempt ended,
// whatever its end.
func TestConditionalSuccessByHand(t *testing.T) {
	f := func(what string, want float64, all ...end) {
		t.Helper()
		equal(t, what, new(further).ends(all...).conditional(hedge.Stagger), want)
	}
	f("nothing known", 1)
	f("as first ones", 1, end{hedge.Stagger, Success, 150, 1000})
	f("half as good", (30+10.0)/(30+20+20+10),
		end{hedge.Stagger, Success, 150, 30},  // 1 expected of each
		end{hedge.Stagger, Censored, 150, 20}, // 1
		end{hedge.Stagger, Expired, 250, 10},  // 2
		end{hedge.Stagger, Failure, 50, 1000}) // 0: too early to be expected
	f("failures count by their age", (0+10.0)/(40+10), end{hedge.Stagger, Failure, 150, 40})
	f("in the middle of a step", (0+10.0)/(10+10), end{hedge.Stagger, Censored, 100, 20})
	f("hardly better", 1.5, end{hedge.Stagger, Success, 100, 1000}) // 1010/510
	f("by trigger", 1, end{hedge.Failure, Censored, 150, 1000})
	f("first attempts are not further ones", 1, end{hedge.Initial, Censored, 150, 1000})
}

func (f *further) rest(passed, step time.Duration) {
	var none ends
	for ; passed > 0; passed -= step {
		f.take(&none, steps(), step)
	}
}

// A time constant of 10 s, down to 50 expected; below that, one of minutes.
func TestFurtherAttemptsAreForgottenSlowlyWhileFew(t *testing.T) {
	f := func(expected, want float64, passed time.Duration) {
		t.Helper()
		for _, step := range []time.Duration{tick, passed} {
			var k further
			k.observed[1], k.expected[1] = expected/2, expected
			k.rest(passed, step)
			if math.Abs(k.expected[1]-want) > 0.02*want || math.Abs(k.observed[1]-want/2) > 0.01*want {
				t.Errorf("of %v expected %v later, in steps of %v: %.1f, and %.1f observed; want %.1f and half of it",
					expected, passed, step, k.expected[1], k.observed[1], want)
			}
		}
	}
	f(1000, 1000/math.E, 10*time.Second)
	f(1000, 1000/math.E/math.E, 20*time.Second)
	f(50, 50/math.E, conditionalRest)
	rest := decay(10*time.Second, conditionalRest)
	f(20, 20*rest, 10*time.Second)
	f(60, 50*rest, 10*time.Second) // not 22
}

func TestEfficacyIsForgottenWithinASecond(t *testing.T) {
	f := new(further).ends(end{hedge.Stagger, Failure, 150, 1000})
	f.rest(time.Second, tick)
	equal(t, "ended", math.Round(f.ended*1e6)/1e6, math.Round(1000/math.E*1e6)/1e6)
}

// Ten thousand expected successes leave a doubt of a hundredth, a hundred one of a tenth:
// it is in the hedges' favour.
func TestIndependence(t *testing.T) {
	f := func(expected, conditional, want float64) {
		t.Helper()
		var k further
		k.expected[hedge.Stagger] = expected - conditionalPrior
		k.observed[hedge.Stagger] = expected*conditional - conditionalPrior
		if got := k.independence(); math.Abs(got-want) > 1e-9 {
			t.Errorf("hedges that do %.2f of a first attempt are independent by %.3f, want %.3f", conditional, got, want)
		}
	}
	f(10_000, 1.4, 1)
	f(10_000, alone-0.01, 1)
	f(10_000, (alone+together)/2-0.01, 0.5)
	f(100, (alone+together)/2-0.1, 0.5)
	f(10_000, (alone+3*together)/4-0.01, 0.25)
	f(10_000, together-0.01, probing)
	f(10_000, 0.02, probing)
}

func TestEfficacyByHand(t *testing.T) {
	f := func(what string, want float64, all ...end) {
		t.Helper()
		equal(t, what, new(further).ends(all...).efficacy(0.9), want)
	}
	f("nothing known", 0.9)
	f("of both triggers", (60+18.0)/(60+20+20), end{hedge.Stagger, Success, 150, 40}, end{hedge.Failure, Success, 50, 20}, end{hedge.Failure, Failure, 50, 20})
	f("those that lost count neither way", 0.9, end{hedge.Stagger, Censored, 250, 1000})
	f("expired after all its time", 18.0/(40+20), end{hedge.Stagger, Expired, 250, 40})
	f("after half of it", 18.0/(20+20), end{hedge.Stagger, Expired, 100, 40})
	f("before it could succeed", 0.9, end{hedge.Stagger, Expired, 99, 40})
	f("first attempts are not further ones", 0.9, end{hedge.Initial, Failure, 150, 40})
}
