package proxy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/telemetry"
)

// imagined is what a call's span says of the attempts that its plan would have made.
func (f *front) imagined(t testing.TB) (attempts, suppressed string) {
	t.Helper()
	return f.callAttr(t, string(telemetry.ShadowAttemptsKey)), f.callAttr(t, string(telemetry.ShadowSuppressedKey))
}

func TestShadowSaysWhatThePlanWouldHaveDone(t *testing.T) {
	t.Parallel()
	slow := lingers(200*time.Millisecond, says(http.StatusOK, "slow"))
	busy := says(http.StatusServiceUnavailable, "")
	f := func(name, extra string, h http.HandlerFunc, attempts, suppressed string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, shadow+extra, some(t, 3, h)...)
			f.get(t, "/")
			if a, s := f.imagined(t); a != attempts || s != suppressed {
				t.Errorf("%s attempts and suppressed %s, want %s and %s", a, s, attempts, suppressed)
			}
		})
	}
	f("nothing", unhurried, says(http.StatusOK, "ok"), "1", "")
	f("hedges that came due", "", slow, "3", "")
	f("not those after the deadline", "deadline: 50ms\nstagger: {mode: Fixed, fixed: 20ms}\n", slow, "3", "")
	f("nor those at it", "deadline: 50ms\nfanOut: {max: 2, adaptive: false}\nstagger: {mode: Fixed, fixed: 49ms}\n", slow, "2", "")
	f("a retry", unhurried, busy, "2", "")
	f("a fatal answer launches none", unhurried, says(http.StatusNotImplemented, ""), "1", "")
	f("what attemptTimeout would have ended", unhurried+"attemptTimeout: 50ms", slow, "2", "")
	f("no budget for hedges", spent, slow, "1", `["2:stagger:budget","2:stagger:budget"]`)
	f("no budget for a retry", spent+unhurried, busy, "1", `["2:failure:budget"]`)
	f("no attempt beyond the fan-out", unhurried+"fanOut: {max: 1, adaptive: false}", busy, "1", "")
	f("no other endpoint", unhurried+"fanOut: {max: 8, adaptive: false}\nstagger: {mode: Fixed, fixed: 1ms}\nupstream.distinct: Require",
		slow, "3", `["4:stagger:no_endpoint","4:stagger:no_endpoint","4:stagger:no_endpoint","4:stagger:no_endpoint","4:stagger:no_endpoint"]`)
	f("the call is told to stop", unhurried, refuses("Grpc-Retry-Pushback-Ms", "-1"), "1", `["2:failure:pushback"]`)
	f("or to wait for too long", unhurried, refuses("Grpc-Retry-Pushback-Ms", "60000"), "1", `["2:failure:no_time"]`)
}

func TestShadowHedgesNoWrites(t *testing.T) {
	t.Parallel()
	f := start(t, shadow+unhurried, serve(t, says(http.StatusServiceUnavailable, "")))
	f.call(t, http.MethodPost, "/", strings.NewReader("body"))
	if a, s := f.imagined(t); a != "1" || s != `["2:failure:not_idempotent"]` {
		t.Errorf("%s attempts and suppressed %s", a, s)
	}
}

// What the plan would have sent is charged to a ledger of its own, by the same rules.
func TestShadowChargesItsOwnLedger(t *testing.T) {
	t.Parallel()
	replicas := some(t, 2, says(http.StatusServiceUnavailable, ""))
	const extra = unhurried + "budget: {percent: 10, minPerSecond: 0}\n"
	f := start(t, shadow+extra, replicas...)
	const calls = 60
	for range calls {
		f.get(t, "/")
	}
	u := f.upstream()
	if u.Budget.Taken != 0 || u.Budget.Refused != 0 || u.Budget.Calls != calls {
		t.Errorf("the budget is touched: %+v", u.Budget)
	}
	// Ten to start with and a tenth of the calls, but for what the first one found full.
	if u.Shadow == nil || u.Shadow.Calls != calls || u.Shadow.Taken != 15 || u.Shadow.Refused != 45 {
		t.Fatalf("ledger is %+v", u.Shadow)
	}
	metrics := f.metrics(t)
	for _, want := range []string{
		`hedged_shadow_attempts_total{hedged_attempt_trigger="initial",hedged_policy="default/shop",hedged_upstream="default/shop"} 60`,
		`hedged_shadow_attempts_total{hedged_attempt_trigger="failure",hedged_policy="default/shop",hedged_upstream="default/shop"} 15`,
		`hedged_shadow_suppressed_total{hedged_policy="default/shop",hedged_suppressed_reason="budget",hedged_upstream="default/shop"} 45`,
		`hedged_attempts_launched_total{hedged_attempt_trigger="failure",hedged_policy="default/shop",hedged_upstream="default/shop"} 0`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}

	f.publish(t, document("shop", "shop", extra, replicas...))
	f.get(t, "/")
	if u := f.upstream(); u.Shadow != nil || u.Budget.Taken != 2 {
		t.Errorf("enforced again: %+v, ledger %+v", u.Budget, u.Shadow)
	}
}

// Plans are made of what a shadow sees, and are in force at once when the policy is
// enforced.
func TestShadowLearns(t *testing.T) {
	t.Parallel()
	r := serve(t, says(http.StatusOK, "ok"))
	const extra = "fanOut: {max: 3}\nstagger: {mode: Auto}\n"
	f := start(t, shadow+extra, r)
	for range 60 {
		f.get(t, "/")
	}
	f.handler.Tick(time.Now())
	seen := f.handler.Policies()[0].Plan
	if seen.State != "steady" || !f.upstream().Latency.Learned {
		t.Fatalf("%+v", seen)
	}
	f.publish(t, document("shop", "shop", extra, r))
	if p := f.handler.Policies()[0].Plan; p.State != "steady" || p.Rule != seen.Rule {
		t.Errorf("enforced: %+v, before %+v", p, seen)
	}
}
