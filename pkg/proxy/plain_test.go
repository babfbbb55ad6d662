package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	disabled = "mode: Disabled\n"
	shadow   = "mode: Shadow\n"
)

// plain runs a test under each mode that changes nothing on the wire.
func plain(t *testing.T, f func(t *testing.T, mode string)) {
	t.Parallel()
	for _, mode := range []string{disabled, shadow} {
		t.Run(strings.TrimSpace(mode), func(t *testing.T) {
			t.Parallel()
			f(t, mode)
		})
	}
}

func TestPlainSendsOneAttempt(t *testing.T) {
	plain(t, func(t *testing.T, mode string) {
		f := func(name string, h http.HandlerFunc, status int) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				replicas := some(t, 3, h)
				f := start(t, mode, replicas...)
				if got := f.get(t, "/"); got.StatusCode != status {
					t.Errorf("%s %s", got.Status, got.body)
				}
				if n := served(replicas); n != 1 {
					t.Errorf("%d attempts", n)
				}
				if n := len(f.attempts(t, 1)); n != 1 {
					t.Errorf("%d spans of attempts", n)
				}
				if s := f.suppressed(t); s != "" {
					t.Errorf("suppressed: %s", s)
				}
			})
		}
		f("slow", lingers(150*time.Millisecond, says(200, "ok")), 200)
		f("503", says(503, ""), 503)
		f("reset", resets, 502)
	})
}

func TestPlainHasNoDeadlineOfThePolicy(t *testing.T) {
	plain(t, func(t *testing.T, mode string) {
		f := start(t, mode+"deadline: 50ms\nattemptTimeout: 30ms\nfanOut: {max: 1, adaptive: false}", serve(t, lingers(300*time.Millisecond, says(200, "late"))))
		if got := f.get(t, "/"); got.body != "late" {
			t.Errorf("%s %s", got.Status, got.body)
		}
	})
}

func TestPlainWritesNoFieldsOfItsOwn(t *testing.T) {
	plain(t, func(t *testing.T, mode string) {
		var m remembers
		f := start(t, mode+"commit: Body", serve(t, m.serve))
		f.get(t, "/")
		for _, name := range []string{"Hedged-Attempt", "X-Envoy-Attempt-Count", "X-Envoy-Expected-Rq-Timeout-Ms"} {
			if v := m.last(t).Header.Get(name); v != "" {
				t.Errorf("%s: %s", name, v)
			}
		}
	})
}

// An answer passes as it comes, whatever commit says.
func TestPlainStreams(t *testing.T) {
	plain(t, func(t *testing.T, mode string) {
		read := newGate()
		f := start(t, mode+"commit: Body", serve(t, func(w http.ResponseWriter, _ *http.Request) {
			flush(w)
			if read.wait() {
				_, _ = io.WriteString(w, "body")
			}
		}))
		answer := f.open(t, "/")
		read.open()
		if got, err := io.ReadAll(answer.Body); string(got) != "body" || err != nil {
			t.Errorf("%q %v", got, err)
		}
	})
}

func TestPlainOpensNoBreaker(t *testing.T) {
	plain(t, func(t *testing.T, mode string) {
		f := start(t, mode+"circuitBreaker: {consecutiveFailures: 1}", serve(t, says(503, "")))
		for range 5 {
			f.get(t, "/")
		}
		if e := f.upstream().Endpoints[0]; e.State != "closed" || e.Breaker.Failures != 0 {
			t.Errorf("%+v", e)
		}
	})
}

// A breaker that is open when the mode changes refuses nothing any more, and is as
// it was when the policy is enforced again.
func TestPlainPassesAnOpenBreakerBy(t *testing.T) {
	plain(t, func(t *testing.T, mode string) {
		const brittle = unhurried + "circuitBreaker: {consecutiveFailures: 1, openFor: 1h}\n"
		sick, well := serve(t, says(503, "")), serve(t, says(200, "ok"))
		f := start(t, brittle, sick, well)
		open := func() bool { return f.upstream().Endpoints[0].State == "open" }
		await(t, "the breaker", func() bool { f.get(t, "/"); return open() })
		before := sick.served.Load()

		f.publish(t, document("shop", "shop", mode+brittle, sick, well))
		await(t, "a call that goes to the endpoint", func() bool { f.get(t, "/"); return sick.served.Load() > before })

		f.publish(t, document("shop", "shop", brittle, sick, well))
		if !open() {
			t.Error("the breaker has closed meanwhile")
		}
	})
}

// Retry-After keeps nobody away from an endpoint.
func TestPlainHoldsNoEndpointOut(t *testing.T) {
	plain(t, func(t *testing.T, mode string) {
		f := start(t, mode, serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		f.get(t, "/")
		if until := f.upstream().Endpoints[0].HeldOutUntil; !until.IsZero() {
			t.Errorf("held out until %v", until)
		}
	})
}
