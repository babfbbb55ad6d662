package e2e

import (
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/control"
	"hedged.dev/hedged/test/cluster/load"
)

const (
	// controlRate is how many direct calls a second stand beside those that are measured.
	controlRate = 50
	// steady is an upstream of which nothing is disturbed while that of the policies is.
	steady = "steady"
)

// steadyUpstream has one endpoint of steady ready.
func (i *installation) steadyUpstream() {
	i.t.Helper()
	i.upstream(steady, 1, map[string]string{"DELAY": "5ms"})
}

// controlled measures beside direct calls to a Service of which nothing is disturbed,
// and measures again where these were late or failed. What measure returns holds the
// measurement to bounds, which are relative to the control.
func (i *installation) controlled(service, what string, deadline time.Duration, measure func(run int) (judge func(c load.Result))) {
	i.t.Helper()
	address := i.service(i.policies, service)
	control.Repeat(func(run int) (string, func()) {
		calls := load.Start(i.t.Context(), controlRate, deadline, load.To("control, direct", address, "", false))
		judge := measure(run)
		c := calls.StopFair()[0]
		return control.Bad(c, deadline), func() {
			note(i.t, what+": the control", c.String(), c)
			judge(c)
		}
	}, func(run int, bad string, last bool) { void(i.t, what, run, bad, last) })
}

// noneFailed holds a load to not having lost a call, or no greater share than its control.
func noneFailed(t *testing.T, what string, begin time.Time, r, c load.Result) {
	t.Helper()
	bound := "no call fails"
	if len(c.Failures) > 0 {
		bound = "no greater share fails than of the control, " + percent(1-c.Success())
	}
	hold(t, r.Success() >= c.Success(), what, r.String(), bound, r)
	tellFailures(t, begin, r)
}

// nearly holds a load to losing at most a thousandth of its calls more than its control.
func nearly(t *testing.T, what string, begin time.Time, r, c load.Result) {
	t.Helper()
	least := control.Least(c, 0.001)
	hold(t, r.Success() >= least, what, r.String(), percent(least)+" succeed: 0.1 points less than of the control", r)
	tellFailures(t, begin, r)
}

// tellFailures logs the first failures of a load.
func tellFailures(t *testing.T, begin time.Time, r load.Result) {
	t.Helper()
	if len(r.Failures) > 0 {
		t.Log("\n" + r.Tell(begin, 20))
	}
}
