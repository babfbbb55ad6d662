package sim

import (
	"context"
	"math"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/policy"
)

// load reads a scenario that is written as it should be.
func load(t testing.TB, text string) Scenario {
	t.Helper()
	s, err := Load([]byte(text), "test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// simulate plays a scenario with some strategies.
func simulate(t testing.TB, s Scenario, calls int, only ...string) []Result {
	t.Helper()
	r, err := Run(t.Context(), s, Options{Seed: 1, Calls: calls, Only: only})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != len(only) {
		t.Fatalf("%d results of %v", len(r.Results), only)
	}
	return r.Results
}

// about reports a value that is further than so much from what it should be.
func about(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s is %.6g, want %.6g ± %.2g", what, got, want, tolerance)
	}
}

func TestIndependentLoss(t *testing.T) {
	t.Parallel()
	independentLoss(t, 10_000)
}

// independentLoss plays so many calls. The more there are, the less chance is allowed for.
func independentLoss(t *testing.T, calls int) {
	t.Helper()
	r := simulate(t, scenario(t, "iid-loss"), calls, "none", "sequential", "all-at-once-2", "all-at-once-3")
	deviation := func(p float64) float64 { return 4 * math.Sqrt(p*(1-p)/float64(calls)) }
	about(t, "success of none", r[0].SuccessRatio, 0.9, deviation(0.9))
	about(t, "success of sequential", r[1].SuccessRatio, 0.999, deviation(0.999))
	about(t, "extra load of sequential", r[1].ExtraLoad, 0.11, deviation(0.1))
	about(t, "success of two at once", r[2].SuccessRatio, 0.99, deviation(0.99))
	about(t, "success of three at once", r[3].SuccessRatio, 0.999, deviation(0.999))
	about(t, "extra load of two at once", r[2].ExtraLoad, 1, 0)
	about(t, "extra load of three at once", r[3].ExtraLoad, 2, 0)
	about(t, "median of none", r[0].P50MS, 5*math.Exp(0.3*0.1397), 6/math.Sqrt(float64(calls))) // of the tenth that is lost, none is below it
	if r[0].P999MS != 100 {
		t.Errorf("calls without an answer should count as the deadline: p99.9 is %v ms", r[0].P999MS)
	}
}

// One server with Poisson arrivals and exponential service: times in the system are
// exponential with the rate that is left.
func TestOneServerQueue(t *testing.T) {
	t.Parallel()
	oneServerQueue(t, 20_000, 2, 25)
}

// oneServerQueue plays so many calls. So far may the median and the p99 be off by chance.
func oneServerQueue(t *testing.T, calls int, median, p99 float64) {
	t.Helper()
	s := load(t, `
name: one-server
calls: 200000
rate: 70
policy: {deadline: 20s}
upstream: {endpoints: 1, latency: {exponential: {mean: 10ms}}, queue: {slots: 1}}
`)
	r := simulate(t, s, calls, "none")[0]
	about(t, "median", r.P50MS, 1000*math.Ln2/30, median)
	about(t, "p99", r.P99MS, 1000*math.Log(100)/30, p99)
}

// All at once to one endpoint is not possible, and with one server more attempts are
// more work.
func TestHedgesOccupySlots(t *testing.T) {
	text := `
name: two-servers
calls: 20000
rate: 120
policy: {deadline: 1s}
upstream: {endpoints: 2, latency: {exponential: {mean: 10ms}}, queue: {slots: 1, cancel: CANCEL}}
`
	f := func(cancel string, least, most float64) {
		t.Helper()
		s := load(t, replace(text, "CANCEL", cancel))
		if got := simulate(t, s, 20_000, "all-at-once-2")[0].SuccessRatio; got < least || got > most {
			t.Errorf("cancel %s: success is %v", cancel, got)
		}
	}
	f("true", 0.999, 1) // 1.2 servers' work at most, of 2
	f("false", 0, 0.2)  // 2.4 servers' work, of 2
	shed := simulate(t, load(t, `
name: shedding
calls: 20000
rate: 400
policy: {deadline: 1s}
upstream: {endpoints: 2, latency: {constant: 10ms}, queue: {slots: 1, limit: 3, shed: 1ms}}
`), 20_000, "none")[0]
	about(t, "success at twice the capacity", shed.SuccessRatio, 0.5, 0.01)
	if shed.P50MS > 1000 {
		t.Errorf("p50 is %v ms", shed.P50MS)
	}
}

func TestArrivals(t *testing.T) {
	const calls = 50_000
	arrivalsOf := func(s *Scenario) (at []float64) {
		for a := newArrivals(s, 7, calls); a.next != never; a.advance() {
			at = append(at, time.Duration(a.next).Seconds())
		}
		return at
	}
	s := Scenario{Rate: 1000, Leaves: 1, Arrivals: Poisson}
	at := arrivalsOf(&s)
	about(t, "the last of 50000 arrivals", at[len(at)-1], 50, 50*4/math.Sqrt(calls))
	var variance float64
	for i := 1; i < len(at); i++ {
		gap := 1000*(at[i]-at[i-1]) - 1
		variance += gap * gap / calls
	}
	about(t, "the variance of the gaps", variance, 1, 0.05)

	s.Arrivals = Steady
	at = arrivalsOf(&s)
	about(t, "the tenth steady arrival", at[9], 0.010, 1e-6)

	s.Leaves = 100
	if at = arrivalsOf(&s); len(at) != calls/100 {
		t.Errorf("%d root calls arrived", len(at))
	}
	about(t, "the tenth root call", at[9], 1, 1e-6)

	s = Scenario{Rate: 1000, Leaves: 1, Arrivals: Steady, Surges: []Surge{
		{From: 10 * time.Second, To: 12 * time.Second, Factor: 3}, {From: 20 * time.Second, To: 30 * time.Second, Factor: 0.1},
	}}
	between := func(from, to float64) (n int) {
		for _, at := range arrivalsOf(&s) {
			if at >= from && at < to {
				n++
			}
		}
		return n
	}
	about(t, "calls before the surge", float64(between(0, 10)), 10_000, 1)
	about(t, "calls in the surge", float64(between(10, 12)), 6000, 1)
	about(t, "calls after it", float64(between(12, 20)), 8000, 1)
	about(t, "calls in the lull", float64(between(20, 30)), 1000, 1)
}

func TestPeaksTakeTheirShareOfTime(t *testing.T) {
	f := func(scope Scope, together float64) {
		t.Helper()
		u := &Upstream{Endpoints: 5, Latency: Latency{Constant: new(ms)}, Peaks: &Peaks{
			Scope: scope, Every: 40 * time.Second, Length: 2 * time.Second, Loss: Loss{Share: 1, Silent: 1},
		}}
		fleet := newFleet(u, 3)
		const looks = 200_000
		one, both := 0.0, 0.0
		for i := range looks {
			now := int64(i) * int64(50*ms)
			a, b := fleet.peaking(0, now), fleet.peaking(1, now)
			if a {
				one++
			}
			if a && b {
				both++
			}
		}
		about(t, "the share of time in a peak", one/looks, 0.05, 0.0005)
		about(t, "both in a peak", both/looks, together, 0.002)
	}
	f(OfAll, 0.05)
	f(OfEach, 0.05*0.05)
}

func TestChangesHoldForTheirTime(t *testing.T) {
	s := load(t, `
name: changes
calls: 1000
rate: 100
arrivals: Steady
policy: {deadline: 100ms, fanOut: {max: 1}}
upstream:
  latency: {constant: 10ms}
  changes:
    - {from: 2s, to: 4s, latency: 20}
    - {from: 6s, to: 7s, loss: {share: 1, silent: 1}}
    - {from: 8s, latency: 2}
`)
	r := simulate(t, s, 0, "none")[0]
	for i, slot := range r.Timeline {
		at := time.Duration(i) * slotLength
		missed := at >= 2*time.Second && at < 4*time.Second || at >= 6*time.Second && at < 7*time.Second
		want := slot.Calls
		if missed {
			want = 0
		}
		// A call at the very edge may be counted on either side of it.
		if math.Abs(float64(slot.Successes-want)) > 1 {
			t.Errorf("at %v %d of %d calls succeeded", at, slot.Successes, slot.Calls)
		}
	}
	if r.P99MS != 100 || r.P50MS != 20 {
		t.Errorf("p50 %v, p99 %v", r.P50MS, r.P99MS)
	}
}

func TestDistributions(t *testing.T) {
	f := func(text string, share, wantMS float64) {
		t.Helper()
		s := load(t, "name: x\ncalls: 1\nrate: 1\npolicy: {deadline: 1s}\nupstream: {latency: {"+text+"}}\n")
		draw := s.Upstream.Latency.sampler()
		const draws = 50_000
		below := 0.0
		random := newSource(1, 0, 0, 0)
		for range draws {
			if draw(&random) <= wantMS*1e6 {
				below++
			}
		}
		about(t, text+": the share", below/draws, share, 4*math.Sqrt(share*(1-share)/draws))
	}
	f("constant: 5ms", 1, 5)
	f("constant: 5ms", 0, 4.999)
	f("uniform: {from: 2ms, to: 6ms}", 0.25, 3)
	f("lognormal: {median: 5ms, sigma: 0.5}", 0.5, 5)
	f("lognormal: {median: 5ms, sigma: 0.5}", 0.97725, 5*math.E)
	f("exponential: {mean: 8ms}", 1-math.Exp(-2), 16)
	f("pareto: {least: 10ms, shape: 2}", 0.75, 20)
	f("pareto: {least: 10ms, shape: 2, most: 30ms}", 1, 30)
	f("empirical: [{by: 4ms, share: 0.5}, {by: 8ms, share: 1}]", 0.25, 2)
	f("empirical: [{by: 4ms, share: 0.5}, {by: 8ms, share: 1}]", 0.75, 6)
	f("mixture: [{share: 0.9, constant: 1ms}, {share: 0.1, mixture: [{share: 1, constant: 9ms}]}]", 0.9, 8)
}

// Nothing is allocated for each call or event once everything has grown.
func TestCallsAllocateNothing(t *testing.T) {
	s := scenario(t, "independent-peaks")
	m, err := newSimulation(s, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	play := func(calls int) float64 {
		return testing.AllocsPerRun(1, func() {
			build := func() strategy { return staggered(3, 20*ms) }
			if err := m.run(build, byScore, calls).play(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := play(10_000), play(30_000); many-few > 100 {
		t.Errorf("%.0f allocations for 20,000 calls more", many-few)
	}
}

func TestPolicyOverrides(t *testing.T) {
	s := scenario(t, "iid-loss")
	nothing := 0.0
	other := *s.Policy
	other.Deadline, other.Learn.Deadline = 8*ms, 8*ms
	f := func(what string, o Options, want func(Report) bool) {
		t.Helper()
		o.Seed, o.Calls, o.Only = 1, 5000, []string{champion}
		r, err := Run(t.Context(), s, o)
		if err != nil || !want(r) {
			t.Errorf("%s: %v, %+v", what, err, r.Results)
		}
	}
	f("a budget", Options{Budget: &nothing}, func(r Report) bool { return r.BudgetPercent == 0 && r.Results[0].ExtraLoad < 0.06 })
	f("a deadline", Options{Deadline: 6 * ms}, func(r Report) bool { return r.DeadlineMS == 6 && r.Results[0].P999MS == 6 })
	f("a policy", Options{Policy: &other}, func(r Report) bool { return r.DeadlineMS == 8 && r.Results[0].P999MS == 8 })
	if _, err := Run(t.Context(), s, Options{Only: []string{"nothing"}}); err == nil {
		t.Error("a strategy that there is not")
	}
	s.Policy = nil
	if _, err := Run(t.Context(), s, Options{}); err == nil {
		t.Error("no policy")
	}
	if _, err := Run(t.Context(), s, Options{Policy: &policy.Policy{Deadline: ms}, Calls: 10, Only: []string{none}}); err != nil {
		t.Error(err)
	}
}

// The target time is at most the deadline, also one that the caller of a simulation sets.
func TestADeadlineBoundsTheTargetTime(t *testing.T) {
	f := func(within, deadline, want time.Duration) {
		t.Helper()
		learn := adapt.Settings{Deadline: 300 * ms, Within: within}
		shorten(&learn, deadline)
		if learn.Within != want {
			t.Errorf("within %v and deadline %v: %v, want %v", within, deadline, learn.Within, want)
		}
	}
	f(50*ms, 40*ms, 40*ms)
	f(50*ms, 100*ms, 50*ms)
	f(50*ms, 500*ms, 50*ms)
	f(0, 40*ms, 0)
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := Options{Progress: func(int, int, string) { cancel() }}
	if _, err := Run(ctx, scenario(t, "iid-loss"), o); err == nil {
		t.Error("it went on")
	}
}
