package upstream

const (
	// material is the ratio of scores up to which only attempts in flight count: those
	// say more of a queue than what ended before.
	material = 2
	// hopeless is the score above which a choice between two is no choice: to even out
	// what nearly always comes too late makes all endpoints late at once.
	hopeless = 0.8
	// draws is how often a candidate is drawn at random before all are looked
	// through: enough that their order hardly matters.
	draws = 4
)

// none is the index of no candidate.
const none = -1

// Candidates are what an attempt may go to, numbered from 0.
type Candidates interface {
	Len() int
	Admits(i int) bool // whether it may be chosen at all
	Sums(i int) Sums   // of its score
	InFlight(i int) int64
}

// Choose weighs two candidates drawn at random: the one with the less wait ahead
// is chosen, as far as score and attempts in flight tell. It looks at a third if
// there is no hope in the two. It returns -1 if none admits. random returns a
// number from 0 to n-1.
func Choose(c Candidates, random func(n int) int) int {
	ch := choice{n: c.Len(), admits: c.Admits, sums: c.Sums, inFlight: c.InFlight, random: random}
	return ch.choose()
}

// choice is one choice. It holds functions rather than an interface, which would
// move the candidates of every pick to the heap.
type choice struct {
	n        int
	admits   func(i int) bool
	sums     func(i int) Sums
	inFlight func(i int) int64
	random   func(n int) int
}

func (c *choice) choose() int {
	a := c.draw(none, none)
	if a == none {
		return none
	}
	b := c.draw(a, none)
	best, hope := c.better(a, b)
	if !hope {
		best, _ = c.better(best, c.draw(a, b))
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

// better returns the candidate with the less wait ahead, and whether there is hope in
// it; the first of two without. Either may be none.
//
// An attempt in flight weighs as much as its endpoint is slow. So a bad one is
// avoided only until the others have as many more in flight as they are better:
// they never get more than they carry, however many daemons avoid it.
func (c *choice) better(i, j int) (best int, hope bool) {
	if i == none || j == none {
		return max(i, j), true
	}
	x, y := compare(c.sums(i), c.sums(j))
	if x > hopeless && y > hopeless {
		return i, false
	}
	if max(x, y) <= material*min(x, y) {
		x, y = 1, 1
	}
	if y*float64(c.inFlight(j)+1) < x*float64(c.inFlight(i)+1) {
		return j, true
	}
	return i, true
}
