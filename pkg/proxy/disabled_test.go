package proxy_test

import (
	"io"
	"net/http"
	"testing"
	"time"
)

const disabled = "mode: Disabled\n"

func TestDisabledSendsOneAttempt(t *testing.T) {
	t.Parallel()
	f := func(name string, h http.HandlerFunc, status int) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replicas := some(t, 3, h)
			f := start(t, disabled, replicas...)
			if got := f.get(t, "/"); got.StatusCode != status {
				t.Errorf("%s %s", got.Status, got.body)
			}
			if n := served(replicas); n != 1 {
				t.Errorf("%d attempts", n)
			}
			if s := f.suppressed(t); s != "" {
				t.Errorf("suppressed: %s", s)
			}
		})
	}
	f("slow", lingers(150*time.Millisecond, says(200, "ok")), 200)
	f("503", says(503, ""), 503)
	f("reset", resets, 502)
}

func TestDisabledHasNoDeadlineOfThePolicy(t *testing.T) {
	t.Parallel()
	f := start(t, disabled+"deadline: 50ms\nattemptTimeout: 30ms\nfanOut: {max: 1, adaptive: false}", serve(t, lingers(300*time.Millisecond, says(200, "late"))))
	if got := f.get(t, "/"); got.body != "late" {
		t.Errorf("%s %s", got.Status, got.body)
	}
}

func TestDisabledWritesNoFieldsOfItsOwn(t *testing.T) {
	t.Parallel()
	var m remembers
	f := start(t, disabled+"commit: Body", serve(t, m.serve))
	f.get(t, "/")
	for _, name := range []string{"Hedged-Attempt", "X-Envoy-Attempt-Count", "X-Envoy-Expected-Rq-Timeout-Ms"} {
		if v := m.last(t).Header.Get(name); v != "" {
			t.Errorf("%s: %s", name, v)
		}
	}
}

// An answer passes as it comes, whatever commit says.
func TestDisabledStreams(t *testing.T) {
	t.Parallel()
	read := newGate()
	f := start(t, disabled+"commit: Body", serve(t, func(w http.ResponseWriter, _ *http.Request) {
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
}

func TestDisabledOpensNoBreaker(t *testing.T) {
	t.Parallel()
	f := start(t, disabled+"circuitBreaker: {consecutiveFailures: 1}", serve(t, says(503, "")))
	for range 5 {
		f.get(t, "/")
	}
	if e := f.upstream().Endpoints[0]; e.State != "closed" || e.Breaker.Failures != 0 {
		t.Errorf("%+v", e)
	}
}
