package sim

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/policy"
)

const ms = time.Millisecond

// script is one random call: its plan, what its attempts meet, in the order of their
// launch, and which further attempts are refused, in the order in which they are asked for.
type script struct {
	plan     hedge.Plan
	deadline time.Duration
	tries    []try
	refused  []hedge.Reason
	inline   bool
}

type try struct {
	takes time.Duration
	fate  fate
}

// told is what is told of one attempt.
type told struct {
	Launched, Ended time.Duration
	Trigger         hedge.Trigger
	End             hedge.End
}

func order(all []told) []told {
	slices.SortFunc(all, func(a, b told) int {
		return cmp.Or(cmp.Compare(a.Launched, b.Launched), cmp.Compare(a.Ended, b.Ended), cmp.Compare(a.Trigger, b.Trigger), cmp.Compare(a.End, b.End))
	})
	return all
}

func drawScript(t *rapid.T) script {
	units := rapid.IntRange(0, 12)
	s := script{
		plan: hedge.Plan{
			FanOut:         rapid.IntRange(1, hedge.MaxFanOut).Draw(t, "fanOut"),
			Defer:          rapid.SampledFrom([]time.Duration{0, 5 * ms, 25 * ms}).Draw(t, "defer"),
			AttemptTimeout: rapid.SampledFrom([]time.Duration{0, 0, 15 * ms, 40 * ms}).Draw(t, "attemptTimeout"),
			LeastRemaining: rapid.SampledFrom([]time.Duration{0, 10 * ms, 25 * ms}).Draw(t, "leastRemaining"),
		},
		deadline: rapid.SampledFrom([]time.Duration{20 * ms, 60 * ms, 100 * ms}).Draw(t, "deadline"),
		inline:   rapid.Bool().Draw(t, "inline"),
	}
	for i := range s.plan.Gaps {
		s.plan.Gaps[i] = time.Duration(units.Draw(t, "gap")-1) * 5 * ms // -5 ms never comes due
	}
	for range hedge.MaxFanOut {
		s.tries = append(s.tries, try{
			takes: time.Duration(units.Draw(t, "takes")) * 5 * ms,
			fate:  rapid.SampledFrom([]fate{answered, failing, failing, silent}).Draw(t, "fate"),
		})
	}
	for range 2 * hedge.MaxFanOut {
		s.refused = append(s.refused, rapid.SampledFrom([]hedge.Reason{"", "", "", "", hedge.Budget, hedge.Draw}).Draw(t, "refused"))
	}
	return s
}

// apart returns the script with its instants moved, so that no two things but those
// that are meant to happen at the same one: which then comes first is up to the runtime.
func (s script) apart(seed uint64) script {
	random := newSource(seed, 0, 0, 0)
	move := func(d *time.Duration) { *d += time.Duration(1 + random.below(4_000_000)) }
	s.tries = slices.Clone(s.tries)
	for i := range s.tries {
		move(&s.tries[i].takes)
	}
	for i := range s.plan.Gaps {
		if s.plan.Gaps[i] > 0 {
			move(&s.plan.Gaps[i])
		}
	}
	if s.plan.Defer > 0 {
		move(&s.plan.Defer)
	}
	if s.plan.AttemptTimeout > 0 {
		move(&s.plan.AttemptTimeout)
	}
	move(&s.deadline)
	return s
}

// simulated plays the script in the simulator. It is the strategy, too.
func (s script) simulated() []told {
	scenario := &Scenario{Rate: 1, Leaves: 1, Daemons: 1, Upstream: Upstream{Endpoints: 20, Latency: Latency{Constant: new(ms)}}, Policy: &policy.Policy{}}
	r := &run{
		scenario: scenario, deadline: int64(s.deadline),
		arrivals: newArrivals(scenario, 1, 1), fleet: newFleet(&scenario.Upstream, 1),
	}
	actor := &actor{script: s, run: r}
	r.fate = func(_ uint64, n int, _ uint16, _ int64) (fate, int64) {
		t := s.tries[n-1]
		return t.fate, int64(t.takes)
	}
	r.daemons = []*daemon{newDaemon(actor, atRandom, 20)}
	if err := r.play(context.Background(), nil); err != nil {
		panic(err)
	}
	return order(actor.told)
}

type actor struct {
	script
	run   *run
	asked int
	began time.Duration
	told  []told
}

func (a *actor) begin() *adapt.Plan {
	a.began = time.Duration(a.run.now)
	return &adapt.Plan{Plan: a.plan}
}

func (a *actor) admit(*adapt.Plan, hedge.Ask, float64, time.Time) hedge.Reason {
	a.asked++
	return a.refused[a.asked-1]
}

func (a *actor) ended(t hedge.Trigger, e hedge.End, elapsed time.Duration) {
	now := time.Duration(a.run.now) - a.began
	a.told = append(a.told, told{Launched: now - elapsed, Ended: now, Trigger: t, End: e})
}

func (a *actor) missed()        {}
func (a *actor) tick(time.Time) {}

// real plays the script with the engine, in a bubble.
func (s script) real(t *testing.T) []told {
	var got []told
	synctest.Test(t, func(t *testing.T) {
		c := &caller{script: s, began: time.Now()}
		do := hedge.Do[int]
		if s.inline {
			do = hedge.DoInline[int]
		}
		o := do(t.Context(), &s.plan, c.began.Add(s.deadline), c)
		o.Release()
		synctest.Wait()
		got = order(c.told)
	})
	return got
}

type caller struct {
	script
	began time.Time
	asked int
	told  []told

	mu sync.Mutex
}

func (c *caller) Admit(a hedge.Ask) hedge.Reason {
	if a.Number == 1 {
		return hedge.Admitted
	}
	c.asked++
	return c.refused[c.asked-1]
}

func (c *caller) Run(ctx context.Context, n int) hedge.Result[int] {
	try := c.tries[n-1]
	if try.fate == silent {
		<-ctx.Done()
		return hedge.Result[int]{Verdict: hedge.NonFatal, Err: ctx.Err()}
	}
	select {
	case <-time.After(try.takes):
	case <-ctx.Done():
		return hedge.Result[int]{Verdict: hedge.NonFatal, Err: ctx.Err()}
	}
	if try.fate == failing {
		return hedge.Result[int]{Verdict: hedge.NonFatal, Err: fmt.Errorf("attempt %d", n)}
	}
	return hedge.Result[int]{Value: n, HasValue: true}
}

func (c *caller) Ended(a hedge.Attempt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := a.Start.Sub(c.began)
	c.told = append(c.told, told{Launched: at, Ended: at + a.Elapsed, Trigger: a.Trigger, End: a.End})
}

func (c *caller) Discard(int) {}

// The simulator launches the same attempts at the same instants as the data plane's
// driver does, and they end the same way at the same instants.
func TestEngineDoesWhatHedgeDoes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		drawn := drawScript(r)
		// Two things that meet by chance may be told in another order: not twice.
		var diff string
		for seed := range uint64(3) {
			s := drawn.apart(seed)
			if diff = gocmp.Diff(s.real(t), s.simulated()); diff == "" {
				return
			}
		}
		r.Fatalf("%+v\n(-hedge.Do +simulated):\n%s", drawn.apart(2), diff)
	})
}
