package upstream

import "math"

const (
	// material is the difference of scores above which the better one wins
	// whatever is in flight.
	material = 0.4
	// sick is the score above which a third candidate is looked at.
	sick = 0.5
	// draws is how often a candidate is drawn at random before all are looked
	// through: enough that their order hardly matters.
	draws = 4
)

// none is the index of no candidate.
const none = -1

// Candidates are what an attempt may go to, numbered from 0.
type Candidates interface {
	Len() int
	Admits(i int) bool   // whether it may be chosen at all
	Score(i int) float64 // 0 for good to 1 for bad
	InFlight(i int) int64
}

// Choose weighs two candidates drawn at random, by score first and then by
// attempts in flight, and a third if the better one of them is sick. It returns
// -1 if none admits. random returns a number from 0 to n-1.
func Choose(c Candidates, random func(n int) int) int {
	ch := choice{n: c.Len(), admits: c.Admits, score: c.Score, inFlight: c.InFlight, random: random}
	return ch.choose()
}

// choice is one choice. It holds functions rather than an interface, which would
// move the candidates of every pick to the heap.
type choice struct {
	n        int
	admits   func(i int) bool
	score    func(i int) float64
	inFlight func(i int) int64
	random   func(n int) int
}

func (c *choice) choose() int {
	a := c.draw(none, none)
	if a == none {
		return none
	}
	b := c.draw(a, none)
	best := c.better(a, b)
	if b != none && c.score(best) > sick {
		best = c.better(best, c.draw(a, b))
	}
	return best
}

// draw returns a random candidate that admits attempts, other than these two.
func (c *choice) draw(not, nor int) int {
	if c.n == 0 {
		return none
	}
	for range draws {
		if i := c.random(c.n); i != not && i != nor && c.admits(i) {
			return i
		}
	}
	start := c.random(c.n)
	for k := range c.n {
		if i := (start + k) % c.n; i != not && i != nor && c.admits(i) {
			return i
		}
	}
	return none
}

// better returns the candidate with the materially better score, or else with
// the fewer attempts in flight. Either may be none.
func (c *choice) better(i, j int) int {
	if i == none || j == none {
		return max(i, j)
	}
	if x, y := c.score(i), c.score(j); math.Abs(x-y) > material {
		if x < y {
			return i
		}
		return j
	}
	if c.inFlight(j) < c.inFlight(i) {
		return j
	}
	return i
}
