//go:build !race

package adapt

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// stretch is a part of a history.
type stretch struct {
	what string
	live func(w *world)
}

// stretches are what may happen to a policy before the upstream is steady. A rate of calls
// and a policy edit hold until the next one.
func (u *tail) stretches(t *rapid.T) (all []stretch) {
	add := func(what string, live func(w *world)) { all = append(all, stretch{what, live}) }
	of := func(name string, values ...int) int { return rapid.SampledFrom(values).Draw(t, name) }
	for range rapid.IntRange(1, 4).Draw(t, "stretches") {
		lasts := time.Duration(of("lasts ms", 100, 500, 2000, 10_000)) * ms
		rate := float64(of("rate", 1, 5, 50, 500, 2000))
		if rate > 500 {
			lasts = min(lasts, 5*time.Second)
		}
		during := func(what string, answer func(w *world) func(time.Duration) (time.Duration, Kind)) {
			add(fmt.Sprintf("%s, %v at %v/s", what, lasts, rate), func(w *world) {
				w.rate, w.answer = rate, answer(w)
				w.run(lasts)
			})
		}
		switch rapid.IntRange(0, 10).Draw(t, "kind") {
		case 0:
			during("normal", func(w *world) func(time.Duration) (time.Duration, Kind) {
				return w.heavy(u.median, tailShare, tailExtra)
			})
		case 1:
			d := time.Duration(of("silence s", 1, 10, 45, 600, 3600)) * time.Second
			add(fmt.Sprintf("silence %v", d), func(w *world) { w.quiet(d) })
		case 2:
			during("total loss", func(w *world) func(time.Duration) (time.Duration, Kind) { return w.lossy(u.median, 1, 0) })
		case 3:
			k := of("slower by", 2, 5, 20, 100)
			during(fmt.Sprintf("slow ×%d", k), func(w *world) func(time.Duration) (time.Duration, Kind) {
				return w.heavy(time.Duration(k)*u.median, tailShare, tailExtra)
			})
		case 4:
			share := of("fails %", 5, 50, 100)
			during(fmt.Sprintf("%d %% explicit failures", share), func(w *world) func(time.Duration) (time.Duration, Kind) {
				return w.lossy(u.median, 0, float64(share)/100)
			})
		case 5:
			d := time.Duration(of("pushback ms", 100, 1000, 5000)) * ms
			add(fmt.Sprintf("pushback %v", d), func(w *world) { w.Pushback(d, epoch.Add(w.now)); w.run(d) })
		case 6:
			d := time.Duration(of("other deadline ms", 20, 250, 2000)) * ms
			add(fmt.Sprintf("edit: deadline %v and back", d), func(w *world) {
				s := w.settings
				other := s
				other.Deadline, other.FanOut = d, 2
				w.settings = other
				w.Update(other)
				w.run(lasts)
				w.settings = s
				w.Update(s)
			})
		case 7:
			add("empty budget", func(w *world) {
				for w.budget.Take(false, epoch.Add(w.now)) {
				}
			})
		case 8:
			d := time.Duration(of("stall ms", 30, 200, 1000, 5000)) * ms
			add(fmt.Sprintf("stall %v", d), func(w *world) { w.hiccup(d); w.run(d + 100*ms) })
		case 9:
			d := time.Duration(of("pause ms", 50, 1000, 30_000)) * ms
			add(fmt.Sprintf("clock pause %v", d), func(w *world) { w.pause(d); w.run(200 * ms) })
		case 10:
			workers := of("workers", 1, 2, 4)
			during(fmt.Sprintf("queue of %d workers", workers), func(w *world) func(time.Duration) (time.Duration, Kind) {
				return w.queue(workers, u.median)
			})
		}
	}
	return all
}

// recovered is how long the steady upstream answers until the plan is compared. The goal is
// five seconds. Losses and moves that have just ended are remembered for a little longer.
const recovered = 20 * time.Second

// NEVER STUCK: from every state that a history can leave, five seconds of a steady
// upstream with a heavy tail bring the plan to where a fresh controller is.
func TestNeverStuck(t *testing.T) {
	type kind struct {
		tail
		percent float64
		fanOut  int
	}
	known := map[kind]outlook{}
	rapid.Check(t, func(t *rapid.T) {
		u := &tail{
			median:   time.Duration(rapid.SampledFrom([]int{2, 5, 10}).Draw(t, "median ms")) * ms,
			deadline: time.Duration(rapid.SampledFrom([]int{250, 500, 1000}).Draw(t, "deadline ms")) * ms,
		}
		// A budget that hardly pays for the hedges makes the plan of a fresh controller go to
		// and fro by chance: there is nothing to compare with.
		percent := float64(rapid.SampledFrom([]int{10, 20}).Draw(t, "percent"))
		fanOut := rapid.SampledFrom([]int{2, 3, 4}).Draw(t, "fanOut")
		k := kind{*u, percent, fanOut}
		if _, ok := known[k]; !ok {
			known[k] = u.settle(u.enter(percent, fanOut), recovered)
		}
		fresh := known[k]

		w := u.enter(percent, fanOut)
		var history []string
		for _, s := range u.stretches(t) {
			s.live(w)
			history = append(history, s.what)
		}
		after := u.settle(w, recovered)
		if what := after.behind(fresh); len(what) > 0 {
			t.Fatalf("after %s: %s\n%s\n%+v", strings.Join(history, "; "), strings.Join(what, ", "), w.Plan().Reason, w.Plan().Figures)
		}
	})
}
