//go:build !race

package adapt

import (
	"strings"
	"testing"
	"time"
)

// G7: soon after saturation begins hedging is held back. The goal is 200 ms. Where hedges
// have proven themselves before, it takes up to a second: that evidence is not thrown away
// at once, because a slow spell of another cause looks the same.
func TestG7HedgingIsHeldBackWithinASecond(t *testing.T) {
	u := &tail{median: 5 * ms, deadline: 500 * ms}
	for _, load := range []float64{1.25, 2} {
		held, _, _ := u.spell(3, time.Duration(load*4/500*1e9))
		if held > time.Second {
			t.Errorf("at a load of %v hedging is held back to half after %v", load, held)
		}
	}
}

// A plan in mode Auto that is not adaptive is at equal parts of the deadline, and says so.
func TestAutoWithoutAdaptivityGivesItsReason(t *testing.T) {
	s := adaptive()
	s.Adaptive = false
	c := New(s, purse())
	answer(c, 100, 20*ms)
	c.Tick(epoch)
	if p := c.Plan(); strings.Contains(p.Reason, "0 % of answers") {
		t.Errorf("hedging after %v, with the reason %q", p.Stagger, p.Reason)
	}
}
