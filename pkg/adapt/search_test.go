package adapt

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// curveOf is the curve of attempts that are answered lognormally, but for a share
// that is lost without a word and one that fails explicitly at half the median.
func curveOf(median time.Duration, sigma, lost, failed float64) *curve {
	c := &curve{}
	for i := range buckets {
		t := float64(edge(i + 1))
		normal := 0.5 * (1 + math.Erf(math.Log(t/float64(median))/(sigma*math.Sqrt2)))
		c.answered[i] = (1 - lost - failed) * normal
		if edge(i+1) >= median/2 {
			c.failed[i] = failed
		}
	}
	c.total = 1 - lost - failed
	return c
}

// slowTail is the curve of attempts of which a share is later by extra.
func slowTail(median time.Duration, share float64, extra time.Duration) *curve {
	c := curveOf(median, 0.3, share, 0)
	for i := range buckets {
		if edge(i+1) > extra {
			c.answered[i] += share * by(&c.answered, edge(i+1)-extra) / (1 - share)
		}
	}
	c.total = 1
	return c
}

// knows is a view of an upstream with that curve, hedges and retries doing as first attempts.
func knows(c *curve) *view {
	v := &view{curve: *c, hedges: *c, retries: *c, observed: 1000}
	v.slow.weight = 1000
	return v
}

func of(deadline time.Duration, fanOut int) *Settings {
	return &Settings{Deadline: deadline, FanOut: fanOut, Adaptive: true, Target: 0.999, Mode: Auto, Min: ms}
}

// laid returns what a view knows, laid out for a search.
func laid(v *view, s *Settings) *prospect {
	v.prospect.lay(v, s)
	return &v.prospect
}

func TestInstantsEndAtTheDeadline(t *testing.T) {
	for _, deadline := range []time.Duration{ms, 20 * ms, 300 * ms, 90 * time.Second} {
		p := laid(knows(curveOf(5*ms, 0.4, 0.1, 0)), of(deadline, 3))
		if p.n > instants || p.at[p.n-1] != deadline {
			t.Errorf("deadline %v: %d instants up to %v", deadline, p.n, p.at[p.n-1])
		}
		for i := 1; i < p.n; i++ {
			if p.at[i] <= p.at[i-1] {
				t.Errorf("deadline %v: instant %d is %v after %v", deadline, i, p.at[i], p.at[i-1])
			}
		}
	}
}

// By hand: a tenth is lost, answers take 5 ms. A hedge at 20 ms costs a tenth of a hedge
// a call and leaves a hundredth; a second one at 40 ms, a hundredth and a thousandth.
func TestCostAndMissesByHand(t *testing.T) {
	f := func(fanOut int, first, gap time.Duration, cost, miss float64) {
		t.Helper()
		p := laid(knows(curveOf(5*ms, 0.1, 0.1, 0)), of(100*ms, fanOut))
		if got := p.cost(first, gap); math.Abs(got-cost) > 1e-3 {
			t.Errorf("%d attempts from %v on cost %.4f, want %.4f", fanOut, first, got, cost)
		}
		if got := p.missed(&schedule{first: first, gap: gap, share: 1}); math.Abs(got-miss) > 1e-3 {
			t.Errorf("%d attempts from %v on miss %.4f, want %.4f", fanOut, first, got, miss)
		}
	}
	f(1, 20*ms, 20*ms, 0, 0.1)
	f(2, 20*ms, 20*ms, 0.1, 0.01)
	f(3, 20*ms, 20*ms, 0.11, 0.001)
	f(3, 20*ms, 90*ms, 0.1, 0.01) // the second is due after the deadline
	f(2, 100*ms, 20*ms, 0, 0.1)
}

// Of a schedule that is sent in a share of the calls the others have the late one.
func TestMissesOfAShareByHand(t *testing.T) {
	p := laid(knows(curveOf(5*ms, 0.1, 0.1, 0)), of(100*ms, 2))
	p.outcomes, p.helpers = curveOf(5*ms, 0.1, 0.1, 0), curveOf(5*ms, 0.1, 0.5, 0)
	late := p.missed(&schedule{first: p.latest, gap: p.latest, share: 1})
	for _, share := range []float64{0, 0.25, 1} {
		s := schedule{first: 10 * ms, gap: 10 * ms, share: 1}
		whole := p.missed(&s)
		s.share = share
		equal(t, "missed", p.missed(&s), share*whole+(1-share)*p.unaided[p.n-1])
	}
	if late <= 0 {
		t.Error("nothing is missed: the test shows nothing")
	}
}

// A failure launches a retry, that is answered, outstanding or failed as a first attempt is.
func TestRetriesByHand(t *testing.T) {
	f := func(fanOut int, want, cost float64) {
		t.Helper()
		p := laid(knows(curveOf(5*ms, 0.1, 0, 0.2)), of(100*ms, fanOut))
		never := schedule{first: 100 * ms, gap: 100 * ms, share: 1}
		if got := p.missed(&never); math.Abs(got-want) > 2e-3 {
			t.Errorf("with %d attempts %.4f of calls miss, want %.4f", fanOut, got, want)
		}
		if math.Abs(p.retries-cost) > 1e-3 {
			t.Errorf("retries cost %.4f, want %.4f", p.retries, cost)
		}
	}
	f(1, 0.2, 0.25)
	f(2, 0.04, 0.25)
	f(3, 0.008, 0.25)
}

// drawn is an upstream, a policy and a ceiling of any kind.
func drawn(t *rapid.T) (*prospect, *Settings, float64) {
	share := func(name string, from, to float64) float64 { return rapid.Float64Range(from, to).Draw(t, name) }
	median := time.Duration(share("median", 1, 20) * 1e6)
	c := curveOf(median, share("sigma", 0.1, 1.5), share("lost", 0, 0.3), share("failed", 0, 0.1))
	s := of(time.Duration(share("deadline", 30, 300)*1e6), rapid.IntRange(2, 4).Draw(t, "fanOut"))
	return laid(knows(c), s), s, share("ceiling", 0.001, 0.5)
}

// Early hedges cost no more than the ceiling, and neither do those of a given stagger.
func TestCeilingIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, ceiling := drawn(t)
		found, early := p.best(ceiling, s)
		if !(found.share >= 0 && found.share <= 1) || found.first > p.latest || found.gap <= 0 {
			t.Fatalf("%+v", found)
		}
		if early && found.cost > ceiling+1e-9 || !early && found.cost != p.late {
			t.Fatalf("early is %v and costs %v of %v: %+v", early, found.cost, ceiling, found)
		}
		fitted := p.fit(5*ms, ceiling)
		if fitted.cost > ceiling+1e-9 || !(fitted.share >= 0 && fitted.share <= 1) {
			t.Fatalf("a given schedule comes to %+v of %v", fitted, ceiling)
		}
	})
}

// A light tail leaves hedges nothing to gain; a heavy one does.
func TestLateWhereNothingIsGained(t *testing.T) {
	f := func(what string, c *curve, want bool) {
		t.Helper()
		s := of(500*ms, 3)
		found, early := laid(knows(c), s).best(0.1, s)
		if early != want {
			t.Errorf("%s: early is %v: %+v", what, early, found)
		}
	}
	f("all alike", curveOf(10*ms, 0.02, 0, 0), false)
	f("two in a hundred are late", slowTail(5*ms, 0.02, 200*ms), true)
	f("some are lost", curveOf(5*ms, 0.3, 0.02, 0), true)
}

// A target time before the deadline is what hedges are for first, even where money is
// short: as many calls as can be are answered by then.
func TestWithinIsAimedAtBeforeTheDeadline(t *testing.T) {
	c := slowTail(5*ms, 0.05, 60*ms)
	for i := range buckets { // and one in a hundred later still, which the tail would go for
		c.answered[i] *= 0.99
	}
	open := func(within time.Duration, at time.Duration) float64 {
		s := of(500*ms, 3)
		s.Target, s.Within = 0.99, within
		p := laid(knows(c), s)
		found, _ := p.best(0.08, s)
		left := 1 - by(&c.answered, at)
		for k := range 2 {
			left *= 1 - by(&c.answered, at-found.first-time.Duration(k)*found.gap)
		}
		return found.share*left + (1-found.share)*(1-by(&c.answered, at))
	}
	for _, within := range []time.Duration{20 * ms, 30 * ms, 50 * ms} {
		aimed, free := open(within, within), open(0, within)
		if aimed > free+1e-9 {
			t.Errorf("with a target of %v %.4f are unanswered by then, without one %.4f", within, aimed, free)
		}
		if aimed > 0.011 {
			t.Errorf("with a target of %v %.4f are unanswered by then, of 0.01 that may be", within, aimed)
		}
	}
	s := of(500*ms, 3)
	s.Within = s.Deadline
	if p := laid(knows(c), s); p.at[p.aim] != s.Deadline {
		t.Errorf("the deadline as a target is aimed at as %v", p.at[p.aim])
	}
	if got := New(*s, purse()).Plan(); strings.TrimSpace(got.Reason) == "" {
		t.Error("a plan with a target has no reason")
	}
}
