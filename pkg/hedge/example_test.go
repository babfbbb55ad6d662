package hedge_test

import (
	"context"
	"fmt"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// search asks replicas of a search service; the first one hangs.
type search struct{ replicas []string }

func (s *search) Admit(a hedge.Ask) hedge.Reason {
	if a.Number > len(s.replicas) {
		return hedge.NoEndpoint
	}
	return hedge.Admitted
}

func (s *search) Run(ctx context.Context, n int) hedge.Result[string] {
	if n == 1 {
		<-ctx.Done()
		return hedge.Result[string]{Verdict: hedge.NonFatal, Err: ctx.Err()}
	}
	return hedge.Result[string]{Value: "answer of " + s.replicas[n-1], HasValue: true}
}

func (s *search) Ended(a hedge.Attempt) {
	fmt.Printf("attempt %d (%s): %s\n", a.Number, a.Trigger, a.End)
}

func (s *search) Discard(string) {}

func ExampleDo() {
	plan := &hedge.Plan{FanOut: 2}
	plan.Gaps[0] = 10 * time.Millisecond
	deadline := time.Now().Add(5 * time.Second)

	outcome := hedge.Do(context.Background(), plan, deadline, &search{replicas: []string{"a", "b"}})
	defer outcome.Release()
	fmt.Println(outcome.Value)
	// Output:
	// attempt 2 (stagger): won
	// attempt 1 (initial): lost
	// answer of b
}
