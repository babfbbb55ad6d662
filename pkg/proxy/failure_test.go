package proxy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// unhurried is a stagger that no test waits for: what is launched before it was
// launched for another reason.
const unhurried = "deadline: 9s\nstagger: {mode: Fixed, fixed: 4s}\n"

// refuses answers 503 with one header.
func refuses(name, value string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(name, value)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func TestP9AFailureLaunchesTheNextAttemptAtOnce(t *testing.T) {
	t.Parallel()
	f := func(name, extra string, bad http.HandlerFunc) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, unhurried+extra, some(t, 3, func(w http.ResponseWriter, r *http.Request) {
				if number(r) < 3 {
					bad(w, r)
					return
				}
				says(http.StatusOK, "third")(w, r)
			})...)
			got := f.get(t, "/")
			if got.body != "third" || got.took > 3*time.Second {
				t.Fatalf("%s %q in %s", got.Status, got.body, got.took)
			}
			if d := cmp.Diff([]string{"failed", "failed", "won"}, f.attempts(t, 1)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{"initial", "failure", "failure"}, f.launched(t)); d != "" {
				t.Error(d)
			}
		})
	}
	f("503", "", says(http.StatusServiceUnavailable, "no"))
	f("503 over h2c", "upstream.protocol: H2C", says(http.StatusServiceUnavailable, "no"))
	f("reset", "", resets)
	f("stream reset", "upstream.protocol: H2C", resets)
	f("cut off before commit", "commit: Body", shortens)
	f("Retry-After", "", refuses("Retry-After", "1"))
	f("gRPC pushback of nothing", "", refuses("Grpc-Retry-Pushback-Ms", "0"))
}

func TestP9PositivePushbackRulesTheCall(t *testing.T) {
	t.Parallel()
	var arrived gather[time.Time]
	f := start(t, two+unhurried, some(t, 2, func(w http.ResponseWriter, r *http.Request) {
		arrived.add(time.Now())
		byAttempt(refuses("Grpc-Retry-Pushback-Ms", "100"), says(http.StatusOK, "second"))(w, r)
	})...)
	got := f.get(t, "/")
	if got.body != "second" || got.took > 3*time.Second {
		t.Fatalf("%s %q in %s", got.Status, got.body, got.took)
	}
	if at := arrived.list(); at[1].Sub(at[0]) < 100*time.Millisecond {
		t.Errorf("the second attempt came %s after the first", at[1].Sub(at[0]))
	}
}

func TestPushbackStops(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"-1", "soon"} {
		replicas := some(t, 3, refuses("Grpc-Retry-Pushback-Ms", value))
		f := start(t, unhurried, replicas...)
		if got := f.get(t, "/"); got.StatusCode != http.StatusServiceUnavailable {
			t.Error(got.Status)
		}
		if n := served(replicas); n != 1 {
			t.Errorf("%d attempts after %s", n, value)
		}
		if s := f.suppressed(t); !strings.Contains(s, "2:failure:pushback") {
			t.Error(s)
		}
	}
}

func TestPushbackIgnored(t *testing.T) {
	t.Parallel()
	replicas := some(t, 3, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "100")
		refuses("Grpc-Retry-Pushback-Ms", "-1")(w, r)
	})
	f := start(t, "pushback: Ignore", replicas...)
	f.get(t, "/")
	if n := served(replicas); n != 3 {
		t.Errorf("%d attempts", n)
	}
	for _, e := range f.upstream().Endpoints {
		if !e.HeldOutUntil.IsZero() {
			t.Errorf("%s is held out until %s", e.Address, e.HeldOutUntil)
		}
	}
}

func TestPushbackRetryAfterHoldsTheEndpointOut(t *testing.T) {
	t.Parallel()
	f := func(name, value string, least, most time.Duration) {
		t.Run(name, func(t *testing.T) {
			var now once
			sick := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if now.first() {
					refuses("Retry-After", value)(w, r)
				}
			})
			well := serve(t, says(http.StatusOK, "well"))
			f := start(t, unhurried+"circuitBreaker: {openFor: 20s}", sick, well)
			for sick.served.Load() == 0 {
				if got := f.get(t, "/"); got.body != "well" {
					t.Fatalf("%s %q", got.Status, got.body)
				}
			}
			held := time.Time{}
			for _, e := range f.upstream().Endpoints {
				if !e.HeldOutUntil.IsZero() {
					held = e.HeldOutUntil
				}
			}
			if d := time.Until(held); d < least || d > most {
				t.Errorf("held out for %s more", d)
			}
			for range 20 {
				f.get(t, "/")
			}
			if n := sick.served.Load(); n != 1 {
				t.Errorf("%d attempts went to the endpoint that is held out", n)
			}
		})
	}
	f("seconds", "10", 5*time.Second, 10*time.Second)
	f("a date", time.Now().Add(15*time.Second).UTC().Format(http.TimeFormat), 5*time.Second, 15*time.Second)
	f("no longer than openFor", "3600", 15*time.Second, 20*time.Second)
}

// The only endpoint is held out: a first attempt goes there all the same.
func TestPushbackOfEveryEndpoint(t *testing.T) {
	t.Parallel()
	r := serve(t, refuses("Retry-After", "10"))
	f := start(t, unhurried, r)
	f.get(t, "/")
	if s := f.suppressed(t); !strings.Contains(s, "2:failure:pushback") {
		t.Errorf("suppressed: %s", s)
	}
	f.get(t, "/")
	if n := r.served.Load(); n != 2 {
		t.Errorf("%d attempts of two calls", n)
	}
}
