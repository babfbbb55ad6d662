package adapt

import (
	"math"
	"testing"
	"time"
)

const tick = 100 * time.Millisecond

// gated is a gate in virtual time.
type gated struct {
	gate
	now time.Time
}

// well are the signs of an upstream with nothing wrong.
func well(median time.Duration) signs { return signs{median: median, floor: median, efficacy: 1} }

// swollen are those of one that has answered within 10 ms, and now takes longer.
func swollen(median time.Duration) signs {
	return signs{median: median, floor: 10 * time.Millisecond, efficacy: 1}
}

// doing are the signs of one whose further attempts succeed in that share.
func doing(efficacy float64) signs {
	return signs{median: 10 * time.Millisecond, floor: 10 * time.Millisecond, efficacy: efficacy}
}

func (g *gated) tick(n int, s signs) {
	for range n {
		g.now = g.now.Add(tick)
		s.now = g.now
		g.follow(s)
	}
}

// rested is a gate after a calm second at 10 ms.
func rested() *gated {
	g := &gated{now: epoch}
	g.tick(10, well(10*time.Millisecond))
	return g
}

func (g *gated) want(t *testing.T, what string, shut State) {
	t.Helper()
	if g.shut != shut {
		t.Errorf("%s: the gate is %q, want %q", what, g.shut, shut)
	}
}

func equal(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestGateNarrowsAsTheMedianRises(t *testing.T) {
	f := func(gradient, rise, open, calm float64) {
		t.Helper()
		g := gate{gradient: gradient, rise: rise}
		equal(t, "open", g.open(), open)
		equal(t, "calm", g.calm(), calm)
	}
	f(0.5, 1, 1, 1)
	f(1.3, 1, 1, 1)
	f(1.45, 1, 0.75, 0.5)
	f(1.6, 1, 0.5, 0)
	f(1.9, 1, 0, 0)
	f(5, 1, 0, 0)
	f(1.3, 0.25, 0.25, 1)
	f(1.6, 0.75, 0.5, 0)
	equal(t, "open while shut", (&gate{gradient: 1, rise: 1, shut: OverloadHold}).open(), 0)
}

// At twice the median the gradient goes 1.5, 1.75, 1.875, 1.9375.
func TestGateShutsWhereTheGradientPasses(t *testing.T) {
	g := rested()
	g.tick(3, swollen(20*time.Millisecond))
	equal(t, "gradient", g.gradient, 1.875)
	g.want(t, "at 1.875", "")
	g.tick(1, swollen(20*time.Millisecond))
	g.want(t, "at 1.9375", OverloadQueueing)

	g = rested()
	g.tick(1, swollen(30*time.Millisecond))
	equal(t, "gradient", g.gradient, 2)
	g.want(t, "three times as slow for a tick", OverloadQueueing)
}

// Of what a queue leaves of the opening, each tick above the threshold takes half,
// each one below gives a fiftieth back.
func TestGateOpensSlowlyAfterAQueue(t *testing.T) {
	g := rested()
	g.tick(3, swollen(30*time.Millisecond))
	equal(t, "rise after three ticks", g.rise, 1.0/8)
	g.tick(1, doing(1))
	equal(t, "rise after a calm one", g.rise, 1.0/8+0.02)
	for g.shut != "" {
		g.tick(1, doing(1))
	}
	equal(t, "open at once", g.open(), 0.02)
	g.tick(10, doing(1))
	equal(t, "open a second later", g.open(), 0.22)
	g.tick(40, doing(1))
	equal(t, "open after five", g.open(), 1)
}

// reopens counts the calm ticks until the gate opens.
func (g *gated) reopens() (after time.Duration) {
	for g.shut != "" {
		g.tick(1, doing(1))
		after += tick
	}
	return after
}

// The gate holds for half a second, and twice as long each time that it shuts again
// soon after it opened, up to half a minute.
func TestGateHoldsLongerWhenItShutsAgain(t *testing.T) {
	g := rested()
	for _, want := range []float64{0.5, 1, 2, 4, 8, 16, 30, 30} {
		g.tick(1, swollen(30*time.Millisecond))
		g.want(t, "at the peak", OverloadQueueing)
		g.tick(1, doing(1))
		g.want(t, "calm again", OverloadHold)
		if got := tick + g.reopens(); got.Seconds() != want {
			t.Errorf("it held for %v, want %v s", got, want)
		}
	}
}

func TestGateForgetsAnOldTrip(t *testing.T) {
	f := func(ticks int, want time.Duration) {
		t.Helper()
		g := rested()
		g.tick(1, swollen(30*time.Millisecond))
		g.reopens()
		g.tick(ticks, doing(1))
		g.tick(1, swollen(30*time.Millisecond))
		if g.hold != want {
			t.Errorf("after %v it holds for %v, want %v", time.Duration(ticks+1)*tick, g.hold, want)
		}
	}
	f(98, time.Second)
	f(99, 500*time.Millisecond)
}

func TestGateStaysShutWhileTheMedianIsHigh(t *testing.T) {
	g := rested()
	g.tick(1, swollen(30*time.Millisecond)) // 2
	s := swollen(16 * time.Millisecond)
	s.losing = true // so that it is not taken for the new normal
	g.tick(1000, s)
	g.want(t, "at 1.6", OverloadQueueing)
	g.tick(1, doing(1)) // 1.3
	g.want(t, "below", OverloadHold)
	g.tick(3, doing(1))
	g.want(t, "300 ms later", "")
}

func TestGateShutsOnFailingFurtherAttempts(t *testing.T) {
	g := rested()
	g.tick(1, doing(0.45))
	g.want(t, "at 0.45", "")
	g.tick(1, doing(0.44))
	g.want(t, "at 0.44", OverloadCorrelated)
	g.tick(10, doing(0.59))
	g.want(t, "at 0.59", OverloadCorrelated)
	g.tick(3, doing(0.6))
	g.want(t, "at 0.6 for 200 ms", OverloadHold)
	g.tick(1, doing(0.59))
	g.tick(3, doing(0.6))
	g.want(t, "at 0.6 for 200 ms again", OverloadHold)
	g.tick(1, doing(0.6))
	g.want(t, "at 0.6 for 300 ms", "")
	equal(t, "open, since nothing queued", g.open(), 1)
	g.tick(1, doing(0.44))
	if g.hold != resumeAfter {
		t.Errorf("failures again hold it for %v: only a queue makes that longer", g.hold)
	}
}

func TestGateTrustsWhereThePolicyDoes(t *testing.T) {
	g := rested()
	s := doing(0)
	s.trust = true
	g.tick(10, s)
	g.want(t, "no further attempt succeeds", "")
	s.median = 30 * time.Millisecond
	g.tick(1, s)
	g.want(t, "requests queue", OverloadQueueing)
	s.median = 10 * time.Millisecond
	g.tick(5, s)
	g.want(t, "they do not", "")
}

func TestGateShutsWhenAsked(t *testing.T) {
	g := rested()
	asked := doing(1)
	asked.pushed = true
	g.tick(3, asked)
	g.want(t, "asked", OverloadHold)
	g.tick(3, doing(1))
	g.want(t, "for 200 ms no more", OverloadHold)
	g.tick(1, doing(1))
	g.want(t, "for 300 ms no more", "")
	equal(t, "open, since nothing queued", g.open(), 1)

	g.tick(1, swollen(30*time.Millisecond))
	g.tick(1, asked)
	g.want(t, "asked while requests queue", OverloadQueueing)
}

// At half as much again the gate is open by two thirds; from the first tick at it,
// five calm seconds make it the new normal, to which the gate opens slowly.
func TestGateTakesACalmSlowerUpstreamForTheNewNormal(t *testing.T) {
	slower := swollen(15 * time.Millisecond)
	g := rested()
	g.tick(50, slower)
	equal(t, "open after 4.9 s", math.Round(g.open()*1e6)/1e6, 0.666667)
	g.tick(1, slower)
	equal(t, "gradient after 5 s", g.gradient, 1)
	equal(t, "open after 5 s", g.open(), 0.02)
	if got := g.floor(); got != 15*time.Millisecond {
		t.Errorf("the least median is %v", got)
	}

	g = rested()
	slower.losing = true
	g.tick(500, slower)
	equal(t, "gradient where calls are lost", math.Round(g.gradient*1e6)/1e6, 1.5)

	g = rested()
	for range 25 { // every second it moves by more than a fifth
		g.tick(10, swollen(15*time.Millisecond))
		g.tick(10, swollen(12*time.Millisecond))
	}
	if g.gradient == 1 || g.floor() != 10*time.Millisecond {
		t.Errorf("an unsteady median has become the new normal: gradient %v", g.gradient)
	}
}

func TestNewNormalOpensAGateThatIsShut(t *testing.T) {
	g := rested()
	g.tick(50, swollen(25*time.Millisecond))
	g.want(t, "after 4.9 s", OverloadQueueing)
	g.tick(1, swollen(25*time.Millisecond))
	g.want(t, "after 5 s", "")
	g.tick(100, well(25*time.Millisecond))
	equal(t, "open", g.open(), 1)

	s := well(25 * time.Millisecond)
	s.efficacy = 0
	g.tick(1, s)
	g.want(t, "failures", OverloadCorrelated)
	for g.shut != "" {
		g.tick(1, well(25*time.Millisecond))
	}
	equal(t, "open after failures: the queue is history", g.open(), 1)
}

// The least median of a minute is that of six slots of 10 s.
func TestLeastMedianIsKeptForAMinute(t *testing.T) {
	g := &gated{now: epoch}
	g.tick(1, well(10*time.Millisecond))
	g.tick(599, well(12*time.Millisecond))
	if got := g.floor(); got != 10*time.Millisecond {
		t.Errorf("59.9 s later it is %v", got)
	}
	g.tick(1, well(12*time.Millisecond))
	if got := g.floor(); got != 12*time.Millisecond {
		t.Errorf("a minute later it is %v", got)
	}
}

func TestGapsDropWhatIsOlderThanAMinute(t *testing.T) {
	f := func(gap, want time.Duration) {
		t.Helper()
		g := &gated{now: epoch}
		for range 7 { // a slot each
			g.now = g.now.Add(slotLasts - tick)
			g.tick(1, well(10*time.Millisecond))
		}
		g.now = g.now.Add(gap - tick)
		g.tick(1, well(12*time.Millisecond))
		if got := g.floor(); got != want {
			t.Errorf("after %v the least median is %v, want %v", gap, got, want)
		}
	}
	f(15*time.Second, 10*time.Millisecond)
	f(59*time.Second, 10*time.Millisecond)
	f(60*time.Second, 12*time.Millisecond)
	f(69*time.Second, 12*time.Millisecond)
	f(time.Hour, 12*time.Millisecond)
}

func TestGateWithoutAMedianGoesByFailures(t *testing.T) {
	g := &gated{now: epoch}
	g.tick(10, signs{efficacy: 1})
	equal(t, "gradient", g.gradient, 1)
	equal(t, "open", g.open(), 1)
	g.tick(1, signs{efficacy: 0.4})
	g.want(t, "failures", OverloadCorrelated)
}
