package breaker_test

import (
	"fmt"
	"time"

	"hedged.dev/hedged/pkg/breaker"
)

// Two failures in a row open the breaker. An attempt that lost to another one
// says nothing about the endpoint, and does not break the row either.
func Example() {
	b := breaker.New(breaker.Settings{ConsecutiveFailures: 2, Window: 10 * time.Second, OpenFor: 10 * time.Second})
	for _, mark := range []breaker.Mark{breaker.Failure, breaker.Neutral, breaker.Failure} {
		if permit, ok := b.Allow(); ok {
			permit.Done(mark)
		}
		fmt.Println(mark, b.State())
	}
	_, ok := b.Allow()
	fmt.Println("allowed:", ok)
	// Output:
	// failure closed
	// neutral closed
	// failure open
	// allowed: false
}
