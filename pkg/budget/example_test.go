package budget_test

import (
	"fmt"

	"hedged.dev/hedged/pkg/budget"
)

// A tenth more attempts than calls, no more: after the ten tokens that a budget
// starts with, ten calls pay for one further attempt.
func Example() {
	b := budget.New(budget.Settings{Percent: 10})
	for b.Take() {
	}
	for range 10 {
		b.Call()
	}
	fmt.Println(b.Take(), b.Take())
	fmt.Println(b.Status().Taken, "taken,", b.Status().Refused, "refused")
	// Output:
	// true false
	// 11 taken, 2 refused
}
