package upstream_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"hedged.dev/hedged/pkg/upstream"
)

// candidate is an endpoint as Choose sees it.
type candidate struct {
	shut     bool
	score    float64
	inFlight int64
}

type candidates []candidate

func (c candidates) Len() int          { return len(c) }
func (c candidates) Admits(i int) bool { return !c[i].shut }
func (c candidates) Sums(i int) upstream.Sums {
	return upstream.Sums{Waited: 100 * c[i].score, Ends: 100}
}
func (c candidates) InFlight(i int) int64 { return c[i].inFlight }

// A sick candidate is left alone while another one admits.
func ExampleChoose() {
	c := candidates{{score: 0.9}, {inFlight: 3}, {shut: true}}
	fmt.Println(upstream.Choose(c, rand.IntN))
	// Output: 1
}

func TestChoose(t *testing.T) {
	f := func(name string, c candidates, want ...int) {
		t.Helper()
		seen := map[int]bool{}
		for range 200 {
			seen[upstream.Choose(c, rand.IntN)] = true
		}
		for _, w := range want {
			if !seen[w] {
				t.Errorf("%s: never %d, chosen were %v", name, w, seen)
			}
			delete(seen, w)
		}
		if len(seen) > 0 {
			t.Errorf("%s: chosen were %v too", name, seen)
		}
	}
	f("nothing to choose from", nil, -1)
	f("none admits", candidates{{shut: true}, {shut: true}}, -1)
	f("the only one, however sick", candidates{{score: 1}, {shut: true}}, 0)
	f("the fewer in flight of equals", candidates{{inFlight: 2}, {inFlight: 1}}, 1)
	f("a score that is not twice the other does not count", candidates{{score: 0.15, inFlight: 1}, {score: 0.1, inFlight: 2}}, 0)
	f("an attempt in flight weighs as much as its endpoint is slow", candidates{{score: 0.3}, {score: 0.05, inFlight: 3}}, 1)
	f("what is bad gets what the others cannot carry", candidates{{score: 0.3}, {score: 0.05, inFlight: 7}}, 0)
	f("a third look without hope in two", candidates{{score: 0.9}, {score: 0.9}, {inFlight: 1}}, 2)
	f("any where there is no hope, whatever is in flight", candidates{{score: 0.95, inFlight: 90}, {score: 0.9}}, 0, 1)
	f("any of equals", candidates{{}, {}, {}}, 0, 1, 2)
}
