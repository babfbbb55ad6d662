package adapt_test

import (
	"fmt"
	"time"

	"hedged.dev/hedged/pkg/adapt"
)

// A learner is asked for the plan when a call comes, told how its first attempt
// ended, and ticked in the background.
func Example() {
	l := adapt.New(adapt.Settings{
		Deadline: 300 * time.Millisecond,
		FanOut:   2,
		Mode:     adapt.Quantile,
		Quantile: 0.9,
		Initial:  100 * time.Millisecond,
	})
	fmt.Println(l.Plan().Reason)

	for i := range 100 {
		l.Observe(true, adapt.Success, time.Duration(i+1)*time.Millisecond)
	}
	l.Tick(time.Now())
	fmt.Println(l.Plan().Reason)
	// Output:
	// initial: 0 first attempts observed, too few or none answered (needs 50); stagger 100ms
	// quantile: p90 of answered attempts, from 100 samples; stagger 90.915ms
}
