package adapt_test

import (
	"fmt"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
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
	}, budget.New(budget.Settings{Percent: 10}, time.Now()))
	fmt.Println(l.Plan().Reason)

	for i := range 100 {
		l.Observe(hedge.Initial, adapt.Success, time.Duration(i+1)*time.Millisecond)
	}
	l.Tick(time.Now())
	fmt.Println(l.Plan().Reason)
	// Output:
	// Hedging after 100ms until 20 first attempts have been observed (0 so far).
	// Hedging after 91.1ms in every call: 90 % of answers have come by then.
}
