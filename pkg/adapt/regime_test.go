package adapt

import (
	"testing"
	"time"
)

// By hand: 0.9 of 1000 and 0.95 of 1000 differ by 4.24 standard deviations of what is
// pooled, √(0.925 · 0.075 · 2/1000) = 0.01178.
func TestUnlikeByHand(t *testing.T) {
	f := func(what string, a, b glance, want bool) {
		t.Helper()
		if got := a.unlike(b, tickUnlike, lateUnlike); got != want {
			t.Errorf("%s: unlike is %v", what, got)
		}
		if got := b.unlike(a, tickUnlike, lateUnlike); got != want {
			t.Errorf("%s, the other way round: unlike is %v", what, got)
		}
	}
	f("4.24 at the deadline", glance{0, 0.9, 1000}, glance{0, 0.95, 1000}, true)
	f("3.76 at the deadline", glance{0, 0.9, 1000}, glance{0, 0.945, 1000}, false)
	f("many and immaterial", glance{0, 0.995, 1e5}, glance{0, 0.999, 1e5}, false)
	f("material", glance{0, 0.993, 1e5}, glance{0, 0.999, 1e5}, true)
	f("4.24 at the late check-point", glance{0.9, 1, 1000}, glance{0.95, 1, 1000}, false)
	f("5.1 at the late check-point", glance{0.9, 1, 1000}, glance{0.9592, 1, 1000}, true)
	f("nothing seen", glance{0, 0, 0}, glance{1, 1, 1000}, false)
}

func TestPeaking(t *testing.T) {
	f := func(fast, slow float64, want bool) {
		t.Helper()
		if got := peaking(glance{deadline: fast}, glance{deadline: slow}); got != want {
			t.Errorf("answered %v, usually %v: peaking is %v", fast, slow, got)
		}
	}
	f(0.979, 0.99, true) // loss above 1.5 × 0.01 + 0.005
	f(0.981, 0.99, false)
	f(0.994, 1, true)
	f(0.996, 1, false)
	f(1, 0.9, false)
}

func TestRegimeByTicks(t *testing.T) {
	usual := glance{0.9, 1, 1000}
	odd := glance{0.5, 1, 1000}
	f := func(what string, settled, shifted bool, recent ...glance) {
		t.Helper()
		var r regime
		last := false
		for i, g := range recent {
			last = r.follow(g, usual, epoch.Add(time.Duration(i)*tick))
		}
		if last != settled || r.shifted != shifted {
			t.Errorf("%s: settled is %v, shifted is %v", what, last, r.shifted)
		}
	}
	times := func(n int, g glance) (all []glance) {
		for range n {
			all = append(all, g)
		}
		return all
	}
	f("steady", false, false, times(100, usual)...)
	f("a shift at once", false, true, odd)
	f("two calm ticks", false, true, odd, usual, usual)
	f("three calm ticks", false, false, odd, usual, usual, usual)
	f("not in a row", false, true, odd, usual, usual, odd, usual, usual)
	f("4.9 s", false, true, times(50, odd)...)
	f("5 s", true, false, times(51, odd)...)
}

// While hedging leaves only a few first attempts to be seen to their end, nothing
// about a steady upstream looks like a shift.
func TestNoShiftByChance(t *testing.T) {
	f := func(name string, silent, failing float64) {
		t.Helper()
		for seed := range uint64(4) {
			s := adaptive()
			s.Mode, s.Fixed = Fixed, 14*time.Millisecond // about the 87th percentile
			w := meet(s, 100, seed)
			w.silent, w.failing = silent, failing
			w.run(5 * time.Second)
			if seen := w.run(20 * time.Second); seen.shifted > 0 {
				t.Errorf("%s, seed %d: shifted in %d of %d ticks", name, seed, seen.shifted, seen.ticks)
			} else if silent > 0 && seen.load() < silent/2 {
				t.Errorf("%s, seed %d: only %.3f hedges a call: the test shows nothing", name, seed, seen.load())
			}
		}
	}
	f("no loss", 0, 0)
	f("some of all", 0.05, 0.05)
}

// odd is a world that has been steady for 10 s, and is not any more.
func odd(seed uint64, change func(*world)) *world {
	w := meet(adaptive(), 10, seed)
	w.run(10 * time.Second)
	change(w)
	return w
}

func slow(w *world)  { w.median *= 4 }
func lossy(w *world) { w.silent = 0.2 }

// A tick of 50 calls in which by chance only a few are lost may pass for usual.
func TestShiftIsFoundWithinTwoTicks(t *testing.T) {
	const seeds = 10
	f := func(what string, change func(*world), mayTakeThree int) {
		t.Helper()
		took := map[int]int{}
		for seed := range uint64(seeds) {
			w, ticks := odd(seed, change), 0
			if w.view.regime.shifted {
				t.Fatalf("seed %d: shifted before %s", seed, what)
			}
			for ; !w.view.regime.shifted && ticks < 10; ticks++ {
				w.run(tick)
			}
			took[ticks]++
		}
		if within := took[1] + took[2]; within < seeds-mayTakeThree || within+took[3] < seeds {
			t.Errorf("%s: of %d runs by ticks until it was found %v", what, seeds, took)
		}
	}
	f("latency × 4", slow, 0)
	f("loss of 20 %", lossy, seeds/5)
}

func TestLossIsAPeakAndLatencyIsNot(t *testing.T) {
	w := odd(1, lossy)
	w.run(5 * tick)
	if p := w.Plan(); p.State != Peak {
		t.Errorf("loss of 20 %%: %s", p.Reason)
	}
	w = odd(1, func(w *world) { w.median = w.median * 7 / 5 }) // too little for the gate
	w.run(10 * tick)
	if p := w.Plan(); p.State != Shift {
		t.Errorf("latency × 1.4: %s", p.Reason)
	}
}

func TestPeakEndsWhenLossDoes(t *testing.T) {
	w := odd(1, lossy)
	w.run(time.Second)
	w.silent = 0
	seen := w.run(15 * time.Second)
	if w.view.regime.shifted || seen.shifted > 100 {
		t.Errorf("shifted in %d of the %d ticks after the loss: %s", seen.shifted, seen.ticks, w.Plan().Reason)
	}
	if seen.shifted == 0 {
		t.Error("no tick after the loss is shifted still: the test shows nothing")
	}
}

func TestLastingShiftBecomesTheNewNormal(t *testing.T) {
	w := odd(1, lossy)
	w.run(4800 * time.Millisecond)
	if p := w.Plan(); p.State != Peak || w.view.usual.deadline < 0.9 {
		t.Errorf("after 4.8 s %.3f are usually answered: %s", w.view.usual.deadline, p.Reason)
	}
	w.run(500 * time.Millisecond)
	if p := w.Plan(); p.State != Steady || w.view.usual.deadline > 0.87 {
		t.Errorf("after 5.3 s %.3f are usually answered: %s", w.view.usual.deadline, p.Reason)
	}
}
