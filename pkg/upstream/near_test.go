package upstream

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// nearGroup is a group of n endpoints of which the first ones are near.
func nearGroup(n, near int) *Group {
	g := newGroup(n, Prefer)
	o := options(Prefer)
	o.Near = map[Key]bool{}
	for _, k := range keys(near) {
		o.Near[k] = true
	}
	g.Update(keys(n), o)
	return g
}

func TestFirstAttemptPrefersWhatIsNear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := nearGroup(6, 2)
		got := shares(t, g, 1000, good)
		if len(got) != 2 || math.Abs(got["a0:80"]-0.5) > 0.1 {
			t.Errorf("first attempts went to %v", got)
		}
		if s := g.Status(); !s[1].Near || s[2].Near {
			t.Errorf("status is %+v", s)
		}
		g.Update(keys(6), options(Prefer))
		if got := shares(t, g, 1000, good); len(got) != 6 {
			t.Errorf("when nothing is near any more they go to %v", got)
		}
	})
}

func TestFurtherAttemptsDoNotCareWhatIsNear(t *testing.T) {
	g := nearGroup(4, 2)
	far := 0
	for range 300 {
		first := mustPick(t, g, true)
		second := mustPick(t, g, false, first.Endpoint)
		if !g.members.Load().all[slices.Index(g.Keys(), second.Endpoint.Key())].near {
			far++
		}
		second.Done(Observation{})
		first.Done(Observation{})
	}
	if far < 150 || far > 250 { // two of three are far
		t.Errorf("%d of 300 further attempts went far", far)
	}
}

// What is near is no use when it is sick, held out or behind an open breaker.
func TestFirstAttemptGoesFarWhenNothingNearIsWell(t *testing.T) {
	f := func(name string, spoil func(*Group)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := nearGroup(4, 1)
				spoil(g)
				if got := shares(t, g, 300, good); got["a0:80"] > 0 || len(got) != 3 {
					t.Errorf("first attempts went to %v", got)
				}
			})
		})
	}
	f("sick", func(g *Group) { soil(g.endpoint(0)) })
	f("open", func(g *Group) { trip(g, 0) })
	f("held out", func(g *Group) { g.endpoint(0).HoldOut(time.Now().Add(time.Hour)) })
}

// An endpoint alone is picked however sick it is, near or not.
func TestNearAndAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := nearGroup(1, 1)
		soil(g.endpoint(0))
		mustPick(t, g, true).release()
		trip(g, 0)
		if l := mustPick(t, g, true); !l.Bypassed {
			t.Errorf("%+v", l)
		}
	})
}

func (l Lease) release() { l.Done(Observation{}) }
