package selftest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/selftest"
)

// TestWhatRunSays holds what is written, with the time that each look takes.
func TestWhatRunSays(t *testing.T) {
	type step struct {
		selftest.Finding
		takes time.Duration
	}
	no := selftest.Finding{Saw: "404:\nno policy\n", Remedy: "is there one?"}
	slow := selftest.Finding{Saw: "no answer", Remedy: "is it up?"}
	yes := selftest.Finding{Passed: true, Saw: "a hedge answered"}
	f := func(name string, want string, passed bool, steps ...step) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := -1
				test := selftest.Test{What: "calling", Look: func(ctx context.Context) selftest.Finding {
					n = min(n+1, len(steps)-1) // the last goes on
					select {
					case <-time.After(steps[n].takes):
						return steps[n].Finding
					case <-ctx.Done():
						return slow
					}
				}}
				var out buffer
				if got := test.Run(t.Context(), &out, 30*time.Second); got.Passed != passed {
					t.Errorf("it returns %+v", got)
				}
				if d := cmp.Diff("calling, for up to 30s\n"+want, out.String()); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			})
		})
	}

	f("passed at once", "passed after 0.0s: a hedge answered\n", true, step{Finding: yes})
	f("each sight once", "   0.0s  404:; no policy\n  11.0s  no answer\n  14.5s  404:; no policy\npassed after 16.0s: a hedge answered\n", true,
		step{no, 0}, step{no, 0}, step{slow, 15 * time.Second}, step{no, 3 * time.Second}, step{yes, time.Second})
	f("never", "   0.0s  404:; no policy\nfailed: 404:; no policy: is there one?\n", false, step{no, 0})
	f("the last look is cut short", "   8.0s  404:; no policy\nfailed: 404:; no policy: is there one?\n", false, step{no, 8 * time.Second})
	f("never an answer", "  10.0s  no answer\nfailed: no answer: is it up?\n", false, step{no, time.Hour})
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	test := selftest.Test{Look: func(context.Context) selftest.Finding {
		cancel()
		return selftest.Finding{Saw: "nothing"}
	}}
	if f := test.Run(ctx, new(buffer), time.Hour); f.Passed {
		t.Errorf("%+v", f)
	}
}
