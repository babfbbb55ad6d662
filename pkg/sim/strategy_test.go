package sim

import (
	"math"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// gRFC A6: ten tokens, one for a failure, a tenth for a success, and no further
// attempt at half of them or below.
func TestThrottle(t *testing.T) {
	g := newThrottled(10 * ms)
	admits := func(want bool) {
		t.Helper()
		if got := g.admit(nil, hedge.Ask{Number: 2, Trigger: hedge.Stagger}, 0, epoch()) == hedge.Admitted; got != want {
			t.Errorf("with %v tokens it admits: %v", g.tokens, got)
		}
	}
	end := func(e hedge.End, times int) {
		for range times {
			g.ended(hedge.Initial, e, ms)
		}
	}
	admits(true)
	end(hedge.Failed, 4)
	end(hedge.Lost, 9)
	end(hedge.TimedOut, 9)
	admits(true)
	g.missed()
	admits(false)
	end(hedge.Won, 2)
	admits(true)
	end(hedge.Failed, 100)
	end(hedge.Won, 50)
	admits(false) // 5 of them, but for rounding: from 0 up, not from below
	end(hedge.Won, 1000)
	if g.tokens != grpcMaxTokens {
		t.Errorf("%v tokens", g.tokens)
	}
}

func TestDigest(t *testing.T) {
	var d digest
	if _, ok := d.quantile(0.5); ok {
		t.Error("an empty digest knows something")
	}
	for i := range 10_000 {
		d.add(time.Duration(i+1) * 10 * time.Microsecond) // up to 100 ms
	}
	f := func(share float64, want time.Duration) {
		t.Helper()
		got, ok := d.quantile(share)
		if !ok || math.Abs(float64(got-want)) > 0.04*float64(want) {
			t.Errorf("quantile %v is %v, want %v", share, got, want)
		}
	}
	f(0.5, 50*ms)
	f(0.95, 95*ms)
	f(0.99, 99*ms)
	d.add(0)
	d.add(1000 * time.Hour)
	for range 300 { // half a minute of forgetting
		d.fade()
	}
	about(t, "what is left", d.total, 10_002/math.E, 1)
	for range 10_000 {
		d.add(200 * ms)
	}
	f(0.9, 200*ms)
}

func TestPercentileHedgesTheShareOfItsBudget(t *testing.T) {
	r := simulate(t, scenario(t, "slow"), 20_000, "percentile")[0]
	about(t, "extra load", r.ExtraLoad, 0.05, 0.005)
	var budget float64
	rep, err := Run(t.Context(), scenario(t, "slow"), Options{Seed: 1, Calls: 5000, Budget: &budget, Only: []string{"percentile"}})
	if err != nil {
		t.Fatal(err)
	}
	about(t, "extra load without a budget", rep.Results[0].ExtraLoad, 0, 0)
}

// Endpoints are different ones while there is one that the call has not used, for
// every way to pick.
func TestPicksAreDistinct(t *testing.T) {
	for _, p := range []pick{atRandom, byInFlight, byScore} {
		s := load(t, `
name: distinct
calls: 3000
rate: 1000
policy: {deadline: 100ms}
upstream: {endpoints: 4, latency: {constant: 1ms}, loss: {share: 1, silent: 1}}
`)
		m, err := newSimulation(s, Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		r := m.run(func() strategy { return staggered(5, 2*ms) }, p, s.Calls)
		used := map[uint64][]uint16{}
		r.fate = func(call uint64, _ int, endpoint uint16, _ int64) (fate, int64) {
			used[call] = append(used[call], endpoint)
			return silent, 0
		}
		if err := r.play(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		counts := [4]int{}
		for call, endpoints := range used {
			seen := map[uint16]bool{}
			for _, e := range endpoints[:4] {
				seen[e] = true
			}
			if len(endpoints) != 5 || len(seen) != 4 {
				t.Fatalf("pick %d: call %d went to %v", p, call, endpoints)
			}
			counts[endpoints[0]]++
		}
		for e, n := range counts {
			if n < 600 || n > 900 {
				t.Errorf("pick %d: endpoint %d was the first of %d calls", p, e, n)
			}
		}
		for i := range r.daemons[0].endpoints {
			if n := r.daemons[0].endpoints[i].inFlight; n != 0 {
				t.Errorf("pick %d: %d attempts in flight at endpoint %d after all has ended", p, n, i)
			}
		}
	}
}

// Each daemon has its controller and sees its share of the calls.
func TestDaemonsShareTheCalls(t *testing.T) {
	s := scenario(t, "step")
	s.Daemons = 4
	r := simulate(t, s, 4000, champion)[0]
	planned := map[int]bool{}
	changed := map[int]bool{}
	for _, p := range r.Plans {
		planned[p.Daemon] = true
		if p.State != "cold" {
			changed[p.Daemon] = true
		}
	}
	if len(planned) != 4 || len(changed) != 4 {
		t.Errorf("%d daemons planned, %d learned", len(planned), len(changed))
	}
	ticks := r.Plans[len(r.Plans)-1].At / tickEvery
	if len(r.Plans) != int(ticks)*4 {
		t.Errorf("%d plans in %d ticks", len(r.Plans), ticks)
	}
}
