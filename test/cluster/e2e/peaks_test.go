package e2e

import (
	"fmt"
	"testing"
	"time"

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

// adaptive is what whoever wants every call answered adds to a policy: of ten thousand
// calls one may be lost, and as many further attempts as 15 in 100 calls be sent for that.
const adaptive = `  fanOut: {max: 3, successTarget: 0.9999}
  budget: {percent: 15}
  circuitBreaker: {openFor: 1s}
`

// TestPeaks is what hedged is for: three pods that drop and stall calls at random
// peaks, and what becomes of the same calls sent directly, tried in sequence, and
// hedged.
func TestPeaks(t *testing.T) {
	i := install(t, 2, "fronts[0].name="+front)
	i.upstream("catalog", 3, map[string]string{"DELAY": "5ms", "QUIET": "6s"})
	i.create("catalog", document("catalog", front, "catalog", peakDeadline)+adaptive)
	i.create("sequential", sequential)
	i.inForce(i.pods(), "catalog", "", 20*time.Second)
	i.inForce(i.pods(), "sequential", "", 20*time.Second)
	hedged, direct := i.service(i.namespace, front), i.service(i.policies, "catalog")

	begin := time.Now()
	calls := load.Start(t.Context(), peakRate, peakDeadline,
		load.To("hedged", hedged, front, false),
		load.To("sequential retry", hedged, "sequential.test", false),
		load.To("direct", direct, "", false))
	pass(peakTime)
	results := calls.Stop()
	for _, r := range results {
		note(t, "random peaks", r.String(), r)
	}
	h, s, d := results[0].Success(), results[1].Success(), results[2].Success()
	measured := fmt.Sprintf("hedged %.3f %%, sequential %.3f %%, direct %.3f %%", 100*h, 100*s, 100*d)
	hold(t, h >= 0.995, "random peaks: success within the deadline", measured, "hedged at least 99.5 %", nil)
	hold(t, h > d, "random peaks: success within the deadline", measured, "hedged above direct", nil)
	hold(t, h >= s-0.0005, "random peaks: success within the deadline", measured, "hedged not more than 0.05 points below sequential", nil)
	if t.Failed() {
		t.Log("\n" + results[0].Tell(begin, 40))
	}
}
