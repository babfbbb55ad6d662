package control_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/control"
	"hedged.dev/hedged/test/cluster/load"
)

// result has so many calls, of which some failed, and a p99.
func result(calls, failed int, p99 time.Duration) load.Result {
	return load.Result{Calls: calls, Failures: make([]load.Failure, failed), P99: p99}
}

func TestBadControls(t *testing.T) {
	const deadline = 2 * time.Second
	f := func(r load.Result, want string) {
		t.Helper()
		switch got := control.Bad(r, deadline); {
		case want == "" && got != "":
			t.Errorf("%v is bad: %s", r, got)
		case !strings.Contains(got, want):
			t.Errorf("%v: %q, want %q", r, got, want)
		}
	}
	f(result(1000, 0, 6*time.Millisecond), "")
	f(result(1000, 1, 500*time.Millisecond), "")
	f(result(1000, 2, 6*time.Millisecond), "99.800 % of the control's direct calls succeeded, fewer than 99.9 %")
	f(result(1000, 0, 501*time.Millisecond), "is 501ms, more than 500ms")
	f(result(0, 0, 0), "no calls")
	f(result(3, 3, 0), "0.000 %")
}

func TestTheFirstRunWithAGoodControlIsJudged(t *testing.T) {
	f := func(bad []string, judged bool, want ...string) {
		t.Helper()
		var got []string
		tell := func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }
		ok := control.Repeat(func(run int) (string, func()) {
			tell("run %d", run)
			return bad[run-1], func() { tell("judged %d", run) }
		}, func(run int, bad string, last bool) { tell("void %d: %s, last %v", run, bad, last) })
		if ok != judged || !slices.Equal(got, want) {
			t.Errorf("%q: judged %v, %q, want %v, %q", bad, ok, got, judged, want)
		}
	}
	f([]string{""}, true, "run 1", "judged 1")
	f([]string{"late", ""}, true, "run 1", "void 1: late, last false", "run 2", "judged 2")
	f([]string{"a", "b", ""}, true, "run 1", "void 1: a, last false", "run 2", "void 2: b, last false", "run 3", "judged 3")
	f([]string{"a", "b", "c"}, false,
		"run 1", "void 1: a, last false", "run 2", "void 2: b, last false", "run 3", "void 3: c, last true")
}

// The report of all tests looks for lines that begin so.
func TestAVoidRunSaysWhatAndWhy(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(control.Void("peaks", 1, "late", false), "void: peaks: run 1 of 3: late; it is repeated")
	f(control.Void("peaks", 3, "late", true), "void: peaks: run 3 of 3: late; it is not repeated, and nothing is shown")
}

func TestLeastIsWhatTheControlHadLessTheMargin(t *testing.T) {
	if got := control.Least(result(1000, 1, 0), 0.001); got < 0.998-1e-9 || got > 0.998+1e-9 {
		t.Errorf("%v, want 0.998", got)
	}
}
