package proxy

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

// BenchmarkTick is a round of ticks with 1,000 policies of which 20 have traffic,
// 500 calls a second each. There are ten rounds a second: 5 ms an operation are 5 %
// of a core.
func BenchmarkTick(b *testing.B) {
	const policies, busy, calls = 1000, 20, 50
	tel, err := telemetry.Setup(b.Context(), telemetry.Options{LogWriter: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = tel.Shutdown(b.Context()) }()
	h, err := New(Options{Registry: upstream.NewRegistry(transport.Opener(transport.Options{})), Telemetry: tel})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	var all []*policy.Policy
	for i := range policies {
		ps, faults := policy.Parse(fmt.Appendf(nil, `
apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: p%d}
spec: {match: [{hosts: [h%d]}], upstream: {endpoints: ["http://127.0.0.1:%d"]}, deadline: 300ms}
`, i, i, 1+i), policy.Options{})
		if len(faults) > 0 {
			b.Fatal(faults)
		}
		all = append(all, ps...)
	}
	table, _ := policy.NewTable(all)
	h.Publish(table)

	random, now := rand.New(rand.NewPCG(1, 1)), time.Now()
	round := func() {
		for _, r := range h.routes.Load().byRule[:busy] {
			for range calls {
				r.state.controller.Begin()
				r.state.controller.Observe(hedge.Initial, adapt.Success, time.Duration(2e6*math.Exp(random.NormFloat64())))
			}
		}
		now = now.Add(time.Minute) // however long the last round took
		h.Tick(now)
	}
	for range 50 {
		round()
	}
	b.ReportAllocs()
	for b.Loop() {
		round()
	}
}
