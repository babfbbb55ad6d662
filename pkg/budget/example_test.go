package budget_test

import (
	"fmt"
	"time"

	"hedged.dev/hedged/pkg/budget"
)

// A tenth more attempts than calls, no more: after the ten tokens that a budget
// starts with, ten calls pay for one further attempt.
func Example() {
	now := time.Unix(1_700_000_000, 0)
	b := budget.New(budget.Settings{Percent: 10}, now)
	for b.Take(false, now) {
	}
	for range 10 {
		b.Call()
	}
	fmt.Println(b.Take(false, now), b.Take(false, now))
	fmt.Println(b.Status(now).Taken, "taken,", b.Status(now).Refused, "refused")
	// Output:
	// true false
	// 11 taken, 2 refused
}
