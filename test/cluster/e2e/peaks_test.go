package e2e

import (
	"fmt"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/control"
	"hedged.dev/hedged/test/cluster/load"
)

const (
	// peakDeadline is what clients of an upstream with peaks wait. An answer takes 5 ms.
	peakDeadline = 500 * time.Millisecond
	peakTime     = 90 * time.Second
	peakRate     = 100 // a second to each target: 9,000 calls
)

// sequential is what a careful client does without hedging: a try of a third of
// the deadline, then the next, never two at once, and as many as three.
const sequential = `apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: sequential}
spec:
  match: [{hosts: [sequential.test]}]
  upstream: {service: {name: catalog, port: http}}
  deadline: 500ms
  attemptTimeout: 166ms
  fanOut: {max: 3, adaptive: false}
  stagger: {mode: Quantile, quantile: 0.99, min: 500ms, initial: 500ms}
  budget: {percent: 200}
  circuitBreaker: {openFor: 1s}
`

// What is added to a policy, each kind of which gets a host of its own.
const (
	// given has every late attempt hedged, as far as the budget goes: it is what the
	// demo holds against sequential retry.
	given = `  fanOut: {max: 3, adaptive: false}
  stagger: {mode: Quantile, quantile: 0.9, initial: 50ms}
  budget: {percent: 20}
  circuitBreaker: {openFor: 1s}
`
	// learned leaves to the controller which calls are worth a hedge.
	learned = `  fanOut: {max: 3, successTarget: 0.9999}
  budget: {percent: 15}
  circuitBreaker: {openFor: 1s}
`
)

// TestPeaks is what hedged is for: three pods that drop and stall calls at random
// peaks, and what becomes of the same calls sent directly, tried in sequence, and
// hedged. The control is direct calls, at the same time, of a pod without peaks.
func TestPeaks(t *testing.T) {
	i := install(t, 2, "fronts[0].name="+front)
	i.upstream("catalog", 3, map[string]string{"DELAY": "5ms", "QUIET": "6s"})
	i.steadyUpstream()
	i.create("catalog", document("catalog", front, "catalog", peakDeadline)+given)
	i.create("adaptive", document("adaptive", "adaptive.test", "catalog", peakDeadline)+learned)
	i.create("sequential", sequential)
	for _, policy := range []string{"catalog", "adaptive", "sequential"} {
		i.inForce(i.pods(), policy, "", 20*time.Second)
	}
	address, direct := i.service(i.namespace, front), i.service(i.policies, "catalog")

	i.controlled(steady, "random peaks", peakDeadline, func(int) func(load.Result) {
		begin := time.Now()
		calls := load.Start(t.Context(), peakRate, peakDeadline,
			load.To("hedged", address, front, false),
			load.To("hedged, adaptive", address, "adaptive.test", false),
			load.To("sequential retry", address, "sequential.test", false),
			load.To("direct", direct, "", false))
		pass(peakTime)
		results := calls.StopFair()
		return func(c load.Result) {
			peaks(t, results, c)
			if t.Failed() {
				t.Log("\n" + results[0].Tell(begin, 40))
			}
		}
	})
}

// peaks holds what became of hedged calls to what became of the others, and to direct
// calls of an upstream without peaks.
func peaks(t *testing.T, results []load.Result, c load.Result) {
	t.Helper()
	const what = "random peaks: success within the deadline"
	for _, r := range results {
		note(t, "random peaks", r.String(), r)
	}
	h, a, s, d := results[0].Success(), results[1].Success(), results[2].Success(), results[3].Success()
	measured := fmt.Sprintf("hedged %.3f %%, adaptive %.3f %%, sequential %.3f %%, direct %.3f %%", 100*h, 100*a, 100*s, 100*d)
	least := control.Least(c, 0.005)
	hold(t, min(h, a) >= least, what, measured, "hedged, of either kind, at least "+percent(least)+": 0.5 points less than direct calls without peaks", nil)
	hold(t, min(h, a) > d, what, measured, "hedged, of either kind, above direct", nil)
	hold(t, h >= s-0.0005, what, measured, "hedged not more than 0.05 points below sequential", nil)
}
