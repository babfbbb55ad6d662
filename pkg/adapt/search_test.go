package adapt

import (
	"math"
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

// gridOf is a grid on which hedges do as first attempts and nothing is retried.
func gridOf(c *curve, deadline time.Duration) *grid {
	g := &grid{}
	g.lay(c, c, deadline, 0.9)
	g.retry(c, 0, 0, 0)
	return g
}

func TestGridEndsAtTheDeadline(t *testing.T) {
	for _, deadline := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond, 90 * time.Second} {
		g := gridOf(curveOf(5*time.Millisecond, 0.4, 0.1, 0), deadline)
		if g.n > gridPoints || g.at[g.n-1] != deadline {
			t.Errorf("deadline %v: %d points up to %v", deadline, g.n, g.at[g.n-1])
		}
		for i := 1; i < g.n; i++ {
			if g.at[i] <= g.at[i-1] {
				t.Errorf("deadline %v: instant %d is %v after %v", deadline, i, g.at[i], g.at[i-1])
			}
		}
	}
}

// By hand: a tenth is lost, answers take 5 ms. A hedge at 20 ms costs a tenth of a
// hedge a call and leaves a hundredth; a second one at 40 ms, a hundredth and a
// thousandth.
func TestCostAndMissesByHand(t *testing.T) {
	g := gridOf(curveOf(5*time.Millisecond, 0.1, 0.1, 0), 100*time.Millisecond)
	end := g.n - 1
	f := func(what string, l ladder, cost, miss float64) {
		t.Helper()
		if got := g.cost(&l); math.Abs(got-cost) > 1e-3 {
			t.Errorf("%s costs %.4f, want %.4f", what, got, cost)
		}
		if got := g.miss(&l, end); math.Abs(got-miss) > 1e-3 {
			t.Errorf("%s misses %.4f, want %.4f", what, got, miss)
		}
	}
	at := func(d time.Duration) int { return g.nearest(d) }
	f("no hedge", ladder{share: 1}, 0, 0.1)
	f("one hedge", ladder{k: 1, at: [mostHedges]int{at(20e6)}, share: 1}, 0.1, 0.01)
	f("half of one hedge", ladder{k: 1, at: [mostHedges]int{at(20e6)}, share: 0.5}, 0.05, 0.055)
	f("two hedges", ladder{k: 2, at: [mostHedges]int{at(20e6), at(40e6)}, share: 1}, 0.11, 0.001)
	f("a hedge at the deadline", ladder{k: 1, at: [mostHedges]int{end}, share: 1}, 0.1, 0.1)
}

// What a failure launches is answered, outstanding or failed as a first attempt is.
func TestRetriesByHand(t *testing.T) {
	c := curveOf(5*time.Millisecond, 0.1, 0.1, 0.2)
	g := gridOf(c, 100*time.Millisecond)
	none := ladder{share: 1}
	f := func(what string, retries int, share, want float64) {
		t.Helper()
		g.retry(c, 2*time.Millisecond, retries, share)
		if got := g.miss(&none, g.n-1); math.Abs(got-want) > 1e-3 {
			t.Errorf("with %s %.4f of calls miss, want %.4f", what, got, want)
		}
	}
	f("no retry", 0, 1, 0.3)
	f("one retry", 1, 1, 0.1+0.2*0.3)
	f("half of one retry", 1, 0.5, 0.1+0.2*(0.5+0.5*0.3))
	f("two retries", 2, 1, 0.1+0.2*(0.1+0.2*0.3))
}

// Nothing that the search finds is beaten by far by any ladder of up to two hedges.
func TestSearchFindsWhatExhaustionFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := func(name string, from, to float64) float64 { return rapid.Float64Range(from, to).Draw(t, name) }
		median := time.Duration(share("median", 1, 20) * 1e6)
		c := curveOf(median, share("sigma", 0.1, 1.5), share("lost", 0, 0.3), 0)
		g := gridOf(c, time.Duration(share("deadline", 30, 300)*1e6))
		a := aim{x: g.n - 1, ceiling: share("ceiling", 0.001, 0.5), most: 2, afresh: true}
		if rapid.Bool().Draw(t, "limited") {
			a.limit = share("limit", 0.0001, 0.2)
		} else {
			a.price = 0.01
		}
		_, found := g.find(&a, nil)

		best, _ := g.weigh(&ladder{share: 1}, &a)
		for i := range g.n - 1 {
			w, _ := g.weigh(&ladder{k: 1, at: [mostHedges]int{i}}, &a)
			best = min(best, w)
			for j := i; j < g.n-1; j++ {
				w, _ := g.weigh(&ladder{k: 2, at: [mostHedges]int{i, j}}, &a)
				best = min(best, w)
			}
		}
		if best < unfit/2 && found > best*1.1+1e-4 {
			t.Fatalf("found %v where there is %v: %+v", found, best, a)
		}
	})
}

// The limit is kept at the least load, the ceiling is not exceeded, and the share
// of the last hedge makes up the difference.
func TestSearchKeepsLimitAndCeiling(t *testing.T) {
	g := gridOf(curveOf(5*time.Millisecond, 0.4, 0.1, 0), 100*time.Millisecond)
	end := g.n - 1
	l, _ := g.find(&aim{x: end, limit: 0.001, ceiling: 0.5, most: 4}, nil)
	if miss := g.miss(&l, end); miss > 0.001+1e-9 || miss < 0.0009 {
		t.Errorf("a limit of 0.001 leaves %.5f", miss)
	}
	if cost := g.cost(&l); cost > 0.111 {
		t.Errorf("it costs %.4f, a tenth and its tenth should do", cost)
	}
	l, _ = g.find(&aim{x: end, ceiling: 0.05, most: 4}, nil)
	if cost := g.cost(&l); math.Abs(cost-0.05) > 1e-6 {
		t.Errorf("a ceiling of 0.05 is spent up to %.4f", cost)
	}
	if miss := g.miss(&l, end); math.Abs(miss-0.055) > 0.001 {
		t.Errorf("for 0.05 it leaves %.4f, want half of what is lost", miss)
	}
}

// What is left of the budget shortens the horizon as far as it is worth it.
func TestTailIsBoughtWhereItIsWorthIt(t *testing.T) {
	g := gridOf(curveOf(5*time.Millisecond, 1, 0, 0), time.Second)
	a := aim{x: g.n - 1, limit: 0.001, finally: 0.001, ceiling: 0.1, most: 2, afresh: true}
	horizon := func(price float64) (time.Duration, float64) {
		l, x := g.shorten(a, ladder{share: 1}, price, 0, 0)
		if miss := g.miss(&l, x); miss > a.limit+1e-9 {
			t.Errorf("at price %v the target is missed at the horizon: %v", price, miss)
		}
		return g.at[x], g.cost(&l)
	}
	cheap, load := horizon(1)
	dear, less := horizon(6)
	priceless, none := horizon(1e4)
	if !(cheap < dear && dear < priceless && load > less && less > none && none == 0) {
		t.Errorf("horizons %v %v %v at loads %.3f %.3f %.3f", cheap, dear, priceless, load, less, none)
	}
	if load > a.ceiling {
		t.Errorf("the load of %.3f exceeds the ceiling", load)
	}
}
