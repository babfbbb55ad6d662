//go:build !race

package adapt

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The search is held against every schedule with its gaps, far more finely spaced.
func TestSearchFindsWhatExhaustionFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, ceiling := drawn(t)
		worth := func(x *schedule) float64 { return p.slowness(x, false, math.Inf(1)) + price*x.cost }
		found, _ := p.best(ceiling, s)
		late := schedule{first: p.latest, gap: p.latest, share: 1, cost: p.late}
		got, best := worth(&found), worth(&late)
		if got > best+1e-9 {
			t.Fatalf("found %v where late hedges are worth %v", got, best)
		}
		for first := ms; first <= p.latest; first = first*21/20 + 1 {
			for gap := ms; gap <= p.latest; gap = gap*5/4 + 1 {
				x := schedule{first: first, gap: gap, share: 1, cost: p.cost(first, gap)}
				if x.cost <= ceiling {
					best = min(best, worth(&x))
				}
			}
		}
		if got > best+0.08*math.Abs(best)+0.5 {
			t.Fatalf("found %.3f where there is %.3f: %+v", got, best, found)
		}
	})
}

func TestMoreMoneyIsHardlyEverSlower(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, s, ceiling := drawn(t)
		poor, _ := p.best(ceiling, s)
		rich, _ := p.best(2*ceiling, s)
		worth := func(x *schedule) float64 { return p.slowness(x, false, math.Inf(1)) + price*x.cost }
		if worth(&rich) > 1.02*worth(&poor)+0.1 { // the grid is coarse, and a cheap part of it is left out
			t.Fatalf("with twice the money %v is found instead of %v", worth(&rich), worth(&poor))
		}
	})
}
