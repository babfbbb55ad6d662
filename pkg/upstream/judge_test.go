package upstream_test

import (
	"testing"
	"time"

	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/upstream"
)

func TestJudge(t *testing.T) {
	const fair, deadline = 50 * time.Millisecond, 200 * time.Millisecond
	f := func(name string, e hedge.Attempt, answered bool, want upstream.Observation) {
		t.Helper()
		if got := upstream.Judge(e, answered, fair, deadline); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	ended := func(e hedge.End, after time.Duration) hedge.Attempt {
		return hedge.Attempt{End: e, Elapsed: after, Deadline: e == hedge.TimedOut}
	}
	f("an answer", ended(hedge.Won, deadline/4), false, upstream.Observation{Mark: breaker.Success, Waited: 0.25, Ends: 1})
	f("an answer nobody wanted", ended(hedge.Failed, deadline/4), true, upstream.Observation{Mark: breaker.Success, Waited: 0.25, Ends: 1})
	f("a quick failure", ended(hedge.Failed, 0), false, upstream.Observation{Mark: breaker.Failure, Bad: true, Waited: 1, Ends: 1})
	f("lost soon", ended(hedge.Lost, deadline/8), false, upstream.Observation{Waited: 0.125, Ends: 0.125})
	f("lost late", ended(hedge.Lost, deadline/2), false, upstream.Observation{Bad: true, Waited: 0.5, Ends: 0.5})
	f("launched just before the deadline", ended(hedge.TimedOut, deadline/8), false, upstream.Observation{Waited: 0.125, Ends: 0.125})
	f("silent until the deadline", ended(hedge.TimedOut, deadline), false, upstream.Observation{Mark: breaker.Failure, Bad: true, Waited: 1, Ends: 1})
	f("timed out on its own", hedge.Attempt{End: hedge.TimedOut, Elapsed: deadline / 8}, false,
		upstream.Observation{Mark: breaker.Failure, Bad: true, Waited: 0.125, Ends: 0.125})
	f("longer than the deadline", ended(hedge.Won, 2*deadline), false, upstream.Observation{Mark: breaker.Success, Waited: 1, Ends: 1})
	f("the client went away", ended(hedge.ClientGone, deadline), false, upstream.Observation{})
	f("nothing was sent", ended(hedge.Rejected, 0), false, upstream.Observation{})
}
