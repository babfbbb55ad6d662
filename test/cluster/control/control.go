package control

import (
	"fmt"
	"time"

	"hedged.dev/hedged/test/cluster/load"
)

const (
	// leastSuccess is what direct calls to pods that work have on a machine that has
	// time for them.
	leastSuccess = 0.999
	// mostLatency is the share of the deadline that their p99 stays below.
	mostLatency = 0.25
)

// Bad says why a control says nothing of those measured beside it, and is empty for a
// good one. The deadline is that of the calls.
func Bad(r load.Result, deadline time.Duration) string {
	longest := time.Duration(mostLatency * float64(deadline))
	switch {
	case r.Calls == 0:
		return "the control has no calls"
	case r.Success() < leastSuccess:
		return fmt.Sprintf("%.3f %% of the control's direct calls succeeded, fewer than %.1f %%", 100*r.Success(), 100*leastSuccess)
	case r.P99 > longest:
		return fmt.Sprintf("the p99 of the control's direct calls is %v, more than %v", r.P99.Round(time.Millisecond), longest)
	default:
		return ""
	}
}

// Runs is how often a measurement is made at most: once, and up to twice again.
const Runs = 3

// Run is one run: bad is why its control was bad, and judge holds what was measured to
// its bounds. It is not called when the control was bad.
type Run func(run int) (bad string, judge func())

// Repeat makes runs, which are counted from 1, until one has a good control, and
// judges that one. It tells void of every other one, and last is true where no run is
// left. It returns whether one was judged.
func Repeat(measure Run, void func(run int, bad string, last bool)) (judged bool) {
	for run := 1; run <= Runs; run++ {
		bad, judge := measure(run)
		if bad == "" {
			judge()
			return true
		}
		void(run, bad, run == Runs)
	}
	return false
}

// Void is the line that says that a run is void. A runner of tests finds it by its
// first word, whether the test passes or not.
func Void(what string, run int, bad string, last bool) string {
	next := "it is repeated"
	if last {
		next = "it is not repeated, and nothing is shown"
	}
	return fmt.Sprintf("void: %s: run %d of %d: %s; %s", what, run, Runs, bad, next)
}

// Least is the share of calls that have to succeed beside a control: its own less
// what may be lost.
func Least(c load.Result, less float64) float64 { return c.Success() - less }
