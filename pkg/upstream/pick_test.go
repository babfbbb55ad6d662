package upstream

import (
	"testing"
	"testing/synctest"
	"time"

	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/hedge"
)

// Law 8 (and P15): two attempts of a call go to different endpoints while
// another healthy one exists; what happens when none does is the policy's choice.
func TestLaw8AttemptsGoToDifferentEndpoints(t *testing.T) {
	for _, d := range []Distinct{Prefer, Require} {
		t.Run(d.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGroup(4, d)
				defer g.Close()
				trip(g, 2)
				for range 200 {
					var used []*Endpoint
					for k := range 3 {
						l := mustPick(t, g, k == 0, used...)
						for _, u := range used {
							if u == l.Endpoint {
								t.Fatalf("attempt %d goes to %v again", k+1, u.Key().Address)
							}
						}
						used = append(used, l.Endpoint)
						l.Done(good(nil))
					}
					// Only the one whose breaker is open is left.
					switch d {
					case Prefer:
						l := mustPick(t, g, false, used...)
						if l.Endpoint == g.endpoint(2) {
							t.Fatal("an open breaker was preferred to a used endpoint")
						}
						l.Done(good(nil))
					default:
						refused(t, g, hedge.Breaker, used...)
					}
				}
			})
		})
	}
}

func TestWhenAllAreUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require, prefer := newGroup(2, Require), newGroup(2, Prefer)
		refused(t, require, hedge.NoEndpoint, require.endpoint(0), require.endpoint(1))
		l := mustPick(t, prefer, false, prefer.endpoint(0), prefer.endpoint(1))
		l.Done(good(nil))
		trip(prefer, 0)
		trip(prefer, 1)
		refused(t, prefer, hedge.Breaker, prefer.endpoint(0), prefer.endpoint(1))
	})
}

func TestAnyHasNoRegardForWhatIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(2, Any)
		again := 0
		for range 1000 {
			l := mustPick(t, g, false, g.endpoint(0))
			if l.Endpoint == g.endpoint(0) {
				again++
			}
			l.Done(good(nil))
		}
		if again < 400 || again > 600 {
			t.Errorf("%d of 1000 went to the used one of two, want about half", again)
		}
	})
}

// Law 5: the first attempt is never refused while there is an endpoint.
func TestLaw5FirstAttemptIsNeverRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(3, Prefer)
		for i := range 3 {
			trip(g, i)
		}
		praise(g)
		soil(g.endpoint(0))
		soil(g.endpoint(2))
		for range 50 {
			l := mustPick(t, g, true)
			if !l.Bypassed || l.Endpoint != g.endpoint(1) {
				t.Fatalf("lease is %+v, want the best-scored one, bypassed", l)
			}
			l.Done(Observation{Mark: breaker.Failure}) // does not count
		}
		refused(t, g, hedge.Breaker)
		if s := g.Status()[1]; s.Breaker.Bypassed != 50 || s.Breaker.Opened != 1 || s.InFlight != 0 {
			t.Errorf("status is %+v", s)
		}
	})
}

func TestBypassSpreadsOverEquals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(3, Prefer)
		for i := range 3 {
			trip(g, i)
		}
		for address, share := range shares(t, g, 3000, func(*Endpoint) Observation { return Observation{} }) {
			if share < 0.28 || share > 0.38 {
				t.Errorf("%s gets %.2f of the calls, want a third", address, share)
			}
		}
	})
}

// A plain proxy knows no breakers: an open one and a half-open one get as much as
// the others, and are as they were when they count again.
func TestUnguardedPassesTheBreakersBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(3, Prefer)
		trip(g, 0)
		pass(10*time.Second + 1) // half-open, once somebody asks
		trip(g, 1)
		o := options(Prefer)
		o.Unguarded = true
		g.Update(keys(3), o)
		neutral := func(*Endpoint) Observation { return Observation{} }
		for address, share := range shares(t, g, 3000, neutral) {
			if share < 0.28 || share > 0.38 {
				t.Errorf("%s gets %.2f of the calls, want a third", address, share)
			}
		}
		g.Update(keys(3), options(Prefer))
		states := ""
		for _, s := range g.Status() {
			states += s.State + " "
		}
		if states != "half-open open closed " {
			t.Errorf("breakers are %s", states)
		}
	})
}

func TestEmptyGroupHasNoEndpoint(t *testing.T) {
	g := newGroup(0, Prefer)
	refused(t, g, hedge.NoEndpoint)
	if _, reason := g.Pick(true, nil); reason != hedge.NoEndpoint {
		t.Errorf("first attempt: %q", reason)
	}
}

func TestHeldOutIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(2, Require)
		until := time.Now().Add(3 * time.Second)
		g.endpoint(0).HoldOut(until)
		g.endpoint(0).HoldOut(time.Now().Add(time.Second)) // does not cut it short
		if got := shares(t, g, 100, good); len(got) != 1 || got["a0:80"] != 0 {
			t.Errorf("shares are %v, want a1 alone", got)
		}
		if s := g.Status(); !s[0].HeldOutUntil.Equal(until) || !s[1].HeldOutUntil.IsZero() {
			t.Errorf("status is %+v", s)
		}
		refused(t, g, hedge.Pushback, g.endpoint(1))
		g.endpoint(1).HoldOut(until)
		refused(t, g, hedge.Pushback)
		l := mustPick(t, g, true)
		if !l.Bypassed {
			t.Error("a hold was passed by without saying so")
		}
		l.Done(good(nil))
		pass(3 * time.Second)
		if got := shares(t, g, 100, good); len(got) != 2 {
			t.Errorf("after the hold the shares are %v", got)
		}
	})
}

// While the only slot of a half-open breaker is taken, the others are.
func TestFullHalfOpenSlotsTurnToTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(3, Prefer)
		trip(g, 0)
		pass(10*time.Second + 1)
		var out []Lease
		probes := 0
		for range 100 {
			l := mustPick(t, g, true)
			if l.Bypassed {
				t.Fatal("bypassed while others admit")
			}
			if l.Endpoint == g.endpoint(0) {
				probes++
			}
			out = append(out, l)
		}
		if probes != 1 {
			t.Errorf("%d probes at once, want 1", probes)
		}
		for i := range out {
			out[i].Done(good(nil))
		}
		if got := g.Status()[0].State; got != "closed" {
			t.Errorf("after a good probe the breaker is %s", got)
		}
	})
}

func TestOnlyHalfOpenAndFullIsBypassedOrRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(2, Prefer)
		trip(g, 0)
		trip(g, 1)
		pass(10*time.Second + 1)
		probes := []Lease{mustPick(t, g, true), mustPick(t, g, true)}
		refused(t, g, hedge.Breaker)
		l := mustPick(t, g, true)
		if !l.Bypassed {
			t.Error("not bypassed")
		}
		l.Done(Observation{})
		for i := range probes {
			if probes[i].Bypassed {
				t.Error("a probe was taken for a bypass")
			}
			probes[i].Done(good(nil))
		}
	})
}

func TestTheLessBusyOfTwoIsPicked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(3, Prefer)
		var out []Lease
		for range 300 {
			out = append(out, mustPick(t, g, true))
		}
		for i := range 3 { // drawn alone they would differ by about 20
			if n := g.endpoint(i).InFlight(); n < 96 || n > 104 {
				t.Errorf("%d in flight at %d, want about 100", n, i)
			}
		}
		for i := range out {
			out[i].Done(good(nil))
		}
	})
}

// P3: a host that hangs and therefore always loses is hidden from the breaker,
// since losing is neutral. The mark of slowness keeps picks away from it.
func TestP3HostThatAlwaysLosesIsAvoided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(3, Prefer)
		hangs := g.endpoint(1)
		observe := func(e *Endpoint) Observation {
			pass(2 * time.Millisecond)
			if e == hangs {
				return Observation{Mark: breaker.Neutral, Bad: true, Waited: 0.1, Ends: 0.1}
			}
			return Observation{Mark: breaker.Success, Waited: 0.01, Ends: 1}
		}
		got := shares(t, g, 5000, observe)
		if share := got["a1:80"]; share > 0.02 || share == 0 {
			t.Errorf("the host that hangs gets %.4f of the calls, want few but some", share)
		}
		s := g.Status()[1]
		if s.State != "closed" || s.Breaker.Failures != 0 || s.Breaker.Opened != 0 {
			t.Errorf("its breaker is touched: %+v", s.Breaker)
		}
		if s.Bad == 0 || s.Bad != s.Attempts {
			t.Errorf("%d bad of %d attempts, want all", s.Bad, s.Attempts)
		}
		pass(5 * time.Second)
		if got := shares(t, g, 3000, good); got["a1:80"] < 0.28 {
			t.Errorf("well again, it gets %.4f of the calls, want about a third", got["a1:80"])
		}
	})
}

// Two of four are sick: two looks find none but them in one of six picks, the
// third look always does better.
func TestThirdLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(4, Prefer)
		praise(g)
		soil(g.endpoint(0))
		soil(g.endpoint(1))
		got := shares(t, g, 500, func(*Endpoint) Observation { return Observation{} })
		if got["a0:80"]+got["a1:80"] > 0 {
			t.Errorf("shares are %v, want none for the sick", got)
		}
	})
}

// Many of many are open: the draws miss, and what is left is still found.
func TestTheLastOneThatAdmitsIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGroup(100, Prefer)
		for i := range 99 {
			trip(g, i)
		}
		for range 100 {
			l := mustPick(t, g, false)
			if l.Endpoint != g.endpoint(99) {
				t.Fatalf("picked %v", l.Endpoint.Key().Address)
			}
			l.Done(good(nil))
		}
	})
}

func TestPickAllocatesNothing(t *testing.T) {
	near := options(Prefer)
	near.Near = map[Key]bool{keys(1)[0]: true}
	for _, o := range []Options{options(Prefer), near} {
		pickAllocatesNothing(t, o)
	}
}

func pickAllocatesNothing(t *testing.T, o Options) {
	t.Helper()
	g := newRegistry().Group(keys(3), o)
	defer g.Close()
	used := []*Endpoint{g.endpoint(0)}
	if n := testing.AllocsPerRun(1000, func() {
		l, _ := g.Pick(true, nil)
		l.Done(Observation{})
		l, _ = g.Pick(false, used)
		l.Done(Observation{})
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
	if n := testing.AllocsPerRun(1000, func() {
		l, _ := g.Pick(true, nil)
		l.Done(Observation{Mark: breaker.Success, Waited: 0.01, Ends: 1})
	}); n > 1 {
		t.Errorf("%v allocations with a mark, want 1: gobreaker's", n)
	}
}

func BenchmarkPick(b *testing.B) {
	g := newRegistry().Group(keys(3), options(Prefer))
	defer g.Close()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l, _ := g.Pick(true, nil)
			l.Done(Observation{Mark: breaker.Success, Waited: 0.01, Ends: 1})
		}
	})
}
