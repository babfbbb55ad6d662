package sim

import (
	"slices"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// played plays a scenario with one strategy and returns the run after it.
func played(t *testing.T, s Scenario, p pick, build func(m *simulation) strategy) *run {
	t.Helper()
	m, err := newSimulation(s, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r := m.run(func() strategy { return build(m) }, p, s.Calls)
	if err := r.play(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	r.tally.sort()
	return r
}

func alone(*simulation) strategy { return staggered(1, 0) }

func ruled(m *simulation) strategy { return newAdaptive(m.terms, false, epoch()) }

// longer returns how many answers took longer.
func longer(r *run, than time.Duration) int {
	n := 0
	for _, took := range r.tally.answers {
		if took > int64(than) {
			n++
		}
	}
	return n
}

// steadily is a call each millisecond that is answered after 5 ms, for a second.
const steadily = `
name: steadily
calls: 1000
rate: 1000
arrivals: Steady
policy: {deadline: DEADLINE}
EXTRA
upstream:
  endpoints: 2
  latency: {constant: 5ms}
`

func steady(t *testing.T, deadline, extra string) Scenario {
	t.Helper()
	return load(t, replace(replace(steadily, "DEADLINE", deadline), "EXTRA", extra))
}

// Answers that come while the daemon stands still are seen at the end, and calls that
// arrive meanwhile begin then; their time counts from the arrival.
func TestPause(t *testing.T) {
	f := func(deadline, pause string, daemons, late, answers int, longest time.Duration) {
		t.Helper()
		s := steady(t, deadline, "daemons: "+map[int]string{1: "1", 2: "2"}[daemons]+"\npauses: [{"+pause+"}]")
		r := played(t, s, atRandom, alone)
		if got := len(r.tally.answers); got < answers-5 || got > answers+5 {
			t.Errorf("%s: %d calls were answered, want about %d", pause, got, answers)
		}
		if got := longer(r, 5*ms); got < late-5 || got > late+5 {
			t.Errorf("%s: %d calls took longer, want about %d", pause, got, late)
		}
		if got := time.Duration(r.tally.answers[len(r.tally.answers)-1]); got < longest-2*ms || got > longest {
			t.Errorf("%s: the longest took %v, want up to %v", pause, got, longest)
		}
		if r.live != 0 || r.held != 0 || r.tally.roots != 1000 {
			t.Errorf("%s: %d calls are under way, %d are held, %d have ended", pause, r.live, r.held, r.tally.roots)
		}
	}
	// Those of 50 ms, and those of the 5 ms before.
	f("1s", "at: 200ms, length: 50ms", 1, 55, 1000, 55*ms)
	f("1s", "at: 200ms, length: 50ms, daemon: 1", 1, 55, 1000, 55*ms)
	f("1s", "every: 200ms, length: 20ms", 1, 5*25, 1000, 25*ms)
	// Of two daemons, one goes on with its half.
	f("1s", "at: 200ms, length: 100ms, daemon: 2", 2, 52, 1000, 105*ms)
	f("1s", "at: 200ms, length: 100ms", 2, 105, 1000, 105*ms)
	// What is seen after the deadline is too late: all but the last 15 ms.
	f("20ms", "at: 200ms, length: 50ms", 1, 15, 960, 20*ms)
}

// While a daemon stands still the upstream goes on: slots become free, and none is
// freed twice when the daemon gives up on what it has answered.
func TestPausesLeaveQueuesAlone(t *testing.T) {
	for _, cancel := range []string{"false", "true"} {
		s := load(t, replace(`
name: queue
calls: 3000
rate: 300
policy: {deadline: 40ms}
pauses: [{every: 500ms, length: 100ms}]
upstream: {endpoints: 2, latency: {exponential: {mean: 8ms}}, queue: {slots: 2, cancel: CANCEL}}
`, "CANCEL", cancel))
		m, err := newSimulation(s, Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		r := m.run(func() strategy { return staggered(2, 10*ms) }, atRandom, s.Calls)
		inner := r.fate
		r.fate = func(call uint64, n int, endpoint uint16, now int64) (fate, int64) {
			for i := range r.fleet.queues {
				if busy := r.fleet.queues[i].busy; busy < 0 || busy > 2 {
					t.Fatalf("cancel %s: %d slots of 2 are in use", cancel, busy)
				}
			}
			return inner(call, n, endpoint, now)
		}
		if err := r.play(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if r.tally.roots != s.Calls || len(r.tally.answers) == s.Calls {
			t.Errorf("cancel %s: %d calls ended, %d of them with an answer", cancel, r.tally.roots, len(r.tally.answers))
		}
		for _, d := range r.daemons {
			if n := d.endpoints[0].inFlight + d.endpoints[1].inFlight; n != 0 {
				t.Errorf("cancel %s: %d attempts are in flight after all", cancel, n)
			}
		}
	}
}

// An edit changes what adaptive does, keeps what it knows, and nothing else follows it.
func TestEdits(t *testing.T) {
	const edited = "edits: [{at: 500ms, policy: {deadline: 1s, fanOut: {max: 2}, budget: {percent: 3}}}]"
	s := steady(t, "1s", edited)
	r := played(t, s, byScore, ruled)
	a, _ := r.daemons[0].strategy.(*adaptive)
	if p := a.controller.Plan(); p.FanOut > 2 || p.Samples == 0 || a.terms.learn.FanOut != 2 || a.terms.budget.Percent != 3 {
		t.Errorf("after the edit the plan is %+v", p)
	}
	r = played(t, s, byScore, func(m *simulation) strategy { return newAdaptive(m.terms, true, epoch()) })
	if a, _ = r.daemons[0].strategy.(*adaptive); a.controller.Plan().FanOut != 1 {
		t.Errorf("after the edit no hedging has a fan-out of %d", a.controller.Plan().FanOut)
	}
	r = played(t, s, atRandom, func(*simulation) strategy { return staggered(3, 2*ms) })
	if extra := r.tally.attempts - r.tally.leaves; extra != 2000 {
		t.Errorf("a fixed stagger of 3 attempts launches %d more", extra)
	}
	percent := 7.0
	m, err := newSimulation(s, Options{Budget: &percent, Deadline: 100 * ms})
	if err != nil || m.edits[0].budget.Percent != 7 || m.edits[0].learn.Deadline != 100*ms || m.edits[0].learn.FanOut != 2 {
		t.Errorf("the options are not in force after an edit: %+v, %v", m.edits, err)
	}
	if m, err = newSimulation(s, Options{Policy: scenario(t, "slow").Policy}); err != nil || len(m.edits) != 0 {
		t.Errorf("the scenario's edits are applied to another policy: %+v, %v", m.edits, err)
	}
}

// A restart takes what one daemon has learned, of what follows its endpoints too.
func TestRestarts(t *testing.T) {
	s := steady(t, "1s", "daemons: 2\nrestarts: [{at: 990ms, daemon: 2}]")
	s.Upstream.Loss = &Loss{Share: 0.2}
	r := played(t, s, byScore, ruled)
	samples := func(d *daemon) float64 {
		a, _ := d.strategy.(*adaptive)
		return a.controller.Plan().Samples
	}
	if stays, starts := samples(r.daemons[0]), samples(r.daemons[1]); stays < 400 || starts > 20 {
		t.Errorf("the daemons know %v and %v ends", stays, starts)
	}

	forgets(t)
}

// forgets restarts daemons of other strategies.
func forgets(t *testing.T) {
	t.Helper()
	d := newDaemon(newPercentile(0.1, 50*ms, epoch()), byScore, 2)
	p, _ := d.strategy.(*percentile)
	d.endpoints[0] = endpoint{inFlight: 3}
	d.endpoints[0].score.Add(0, 1, epoch())
	for range 100 {
		p.ended(hedge.Initial, hedge.Won, ms)
	}
	p.tick(epoch())
	d.restart(epoch())
	if got := d.begin().Gaps[0]; got != 50*ms {
		t.Errorf("after a restart the percentile is still %v", got)
	}
	if e := &d.endpoints[0]; e.score.Sums(epoch()).Value() != 0 || e.inFlight != 3 {
		t.Errorf("after a restart an endpoint has a score of %v and %d in flight", e.score.Sums(epoch()).Value(), e.inFlight)
	}
	d = newDaemon(newThrottled(10*ms), atRandom, 2)
	for range 10 {
		d.strategy.ended(hedge.Initial, hedge.Failed, ms)
	}
	d.restart(epoch())
	if got := d.strategy.admit(nil, hedge.Ask{Number: 2, Trigger: hedge.Stagger}, 0, epoch()); got != hedge.Admitted {
		t.Errorf("after a restart the throttle says %q", got)
	}
	same := staggered(2, ms)
	d = newDaemon(same, atRandom, 2)
	d.restart(epoch())
	if d.strategy != strategy(same) {
		t.Error("a fixed strategy has nothing to lose")
	}
}

func TestSilence(t *testing.T) {
	s := steady(t, "1s", "surges: [{from: 300ms, to: 45300ms, factor: 0}]")
	var at []time.Duration
	for a := newArrivals(&s, 1, 1000); a.next != never; a.advance() {
		at = append(at, time.Duration(a.next))
	}
	i := slices.IndexFunc(at, func(d time.Duration) bool { return d > 300*ms })
	if len(at) != 1000 || i < 298 || i > 301 || at[i] < 45300*ms || at[i] > 45302*ms {
		t.Errorf("%d calls; after %d of them the next arrives at %v", len(at), i, at[i])
	}
}
