//go:build !race

package demo

import (
	"context"
	"fmt"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/sim"
)

// again is a document of an upstream that is worth hedging, one answer of ten, with
// traffic, a disturbance at 5 s, and traffic again.
const again = `
name: again
calls: %d
rate: %d
policy: {deadline: 500ms, fanOut: {max: 3}, budget: {percent: 25}}
%s
upstream:
  endpoints: 3
  latency: {mixture: [{share: 0.9, lognormal: {median: 2ms, sigma: 0.3}}, {share: 0.1, uniform: {from: 101ms, to: 103ms}}]}
%s
`

// never is when something was that was not seen.
const never = time.Duration(-1)

// againWithin is the longest that calls may go without a hedge after a disturbance.
const againWithin = 2 * time.Second

// machineBound is the lateness of one direct call in a hundred beyond which the machine may
// have hidden from the plan that one answer of ten is 100 ms late. Less than that is no
// reason not to hedge.
const machineBound = 50 * time.Millisecond

// Never stuck: whatever has happened, calls are hedged again within two seconds of
// traffic. A hedge is a call for which two attempts arrived at the replicas, and after the
// disturbance none of them fails, so that no attempt is a retry.
func TestHedgesAgainAfter(t *testing.T) {
	for _, c := range []struct {
		name          string
		over          time.Duration // when the disturbance is over
		top, upstream string        // of the document
		replaced      bool          // a replica is stopped, and another started in its place
	}{
		{name: "silence", over: 50 * time.Second, top: "surges: [{from: 5s, to: 50s, factor: 0}]"},
		{name: "a hiccup", over: 5030 * ms, upstream: "  changes: [{from: 5s, to: 5030ms, latency: 12}]"},
		{name: "an edit", over: 5 * time.Second, top: "edits: [{at: 5s, policy: {deadline: 500ms, fanOut: {max: 3}, budget: {percent: 20}}}]"},
		{name: "a restart of an endpoint", over: 5300 * ms, replaced: true},
	} {
		for _, rate := range []int{50, 500} {
			t.Run(fmt.Sprintf("%s at %d calls a second", c.name, rate), func(t *testing.T) {
				t.Parallel()
				document := fmt.Sprintf(again, rate*8, rate, c.top, c.upstream)
				s, err := sim.Load([]byte(document), "again.yaml")
				if err != nil {
					t.Fatal(err)
				}
				p := &player{PlayOptions: PlayOptions{Seed: 5, Err: t.Output()}, scenario: &s, strategies: []strategy{{name: champion, derive: withoutBreakers}}}
				if c.replaced {
					p.besides = func(live *performance) happenings {
						r := live.parts[0].fleet[0]
						return happenings{
							{at: 5 * time.Second, what: "the end of a replica", do: func(context.Context) error { return r.close() }},
							{at: c.over, what: "another replica", do: func(context.Context) error { return r.open(r.address()) }},
						}
					}
				}
				hedgesAgain(t, p, c.over)
			})
		}
	}
}

// hedgesAgain plays the scenario until the calls are hedged in time or the control was good.
func hedgesAgain(t *testing.T, p *player, over time.Duration) {
	t.Helper()
	for range tries {
		live, err := p.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		one := live.parts[0]
		hedges, earlier, first := 0, 0, never
		for i, sample := range one.samples {
			switch {
			case one.tally.calls[i].Load() < 2:
			case sample.at < over:
				earlier++
			default:
				hedges++
				if first == never {
					first = sample.at - over
				}
			}
		}
		t.Logf("%d hedges before it was over and %d afterwards, the first after %v; control: %v", earlier, hedges, first, live.control)
		if first != never && first <= againWithin {
			return
		}
		if live.control.p99 <= machineBound {
			t.Fatalf("no hedge within %v of traffic", againWithin)
		}
		t.Logf("void: this machine was busy with something else: %v", live.control)
	}
	t.Fatalf("no hedge within %v of traffic in %d runs, all of them void", againWithin, tries)
}
