package sim_test

import (
	"context"
	"fmt"

	"hedged.dev/hedged/pkg/sim"
)

// What would two attempts at once do for an upstream that loses a tenth of all attempts?
func Example() {
	scenario, err := sim.Load([]byte(`
name: lossy
description: a tenth of all attempts are never answered
calls: 20000
rate: 1000
policy:
  deadline: 100ms
upstream:
  endpoints: 3
  latency: {lognormal: {median: 5ms, sigma: 0.4}}
  loss: {share: 0.1, silent: 1}
`), "lossy.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := sim.Run(context.Background(), scenario, sim.Options{Seed: 1, Only: []string{"none", "all-at-once-2"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range report.Results {
		fmt.Printf("%s: success %.0f %%, extra load %.0f %%\n", r.Name, 100*r.SuccessRatio, 100*r.ExtraLoad)
	}
	// Output:
	// none: success 90 %, extra load 0 %
	// all-at-once-2: success 99 %, extra load 100 %
}
