package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNoneAcceptableReturnsTheLatestAnswer(t *testing.T) {
	t.Parallel()
	body := pattern(300 << 10)
	f := start(t, unhurried+"bufferLimit: 64Ki", some(t, 3, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Attempt", fmt.Sprint(number(r)))
		w.WriteHeader([]int{0, 500, 502, 503}[number(r)])
		_, _ = io.WriteString(w, body)
	})...)
	got := f.get(t, "/")
	if got.StatusCode != http.StatusServiceUnavailable || got.Header.Get("X-Attempt") != "3" || got.body != body || got.err != nil {
		t.Fatalf("%s, %d bytes, %v", got.Status, len(got.body), got.err)
	}
	if d := cmp.Diff([]string{"failed", "failed", "failed"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}
}

func TestAtTheDeadlineTheLatestAnswerIsReturned(t *testing.T) {
	t.Parallel()
	body := pattern(300 << 10)
	for _, limit := range []string{"1Mi", "64Ki", "0"} {
		t.Run("bufferLimit "+limit, func(t *testing.T) {
			t.Parallel()
			f := start(t, "deadline: 200ms\nbufferLimit: "+limit, some(t, 3, byAttempt(says(http.StatusServiceUnavailable, body), hangs))...)
			got := f.get(t, "/")
			if got.StatusCode != http.StatusServiceUnavailable || got.body != body || got.err != nil {
				t.Fatalf("%s, %d bytes, %v", got.Status, len(got.body), got.err)
			}
			if d := cmp.Diff([]string{"failed", "timed_out", "timed_out"}, f.attempts(t, 1)); d != "" {
				t.Error(d)
			}
		})
	}
}

// A bad answer is read to its end while the call goes on.
func TestABadAnswerDoesNotHoldItsConnection(t *testing.T) {
	t.Parallel()
	written := newGate()
	f := start(t, two+"deadline: 9s\nbufferLimit: 32Mi", some(t, 2, byAttempt(
		func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write(make([]byte, 16<<20)) // more than any socket takes
			written.open()
		},
		func(w http.ResponseWriter, r *http.Request) {
			if written.wait() {
				says(http.StatusOK, "second")(w, r)
			}
		}))...)
	if got := f.get(t, "/"); got.body != "second" {
		t.Errorf("%s, %d bytes", got.Status, len(got.body))
	}
}

// An answer that is kept goes on streaming when it is returned.
func TestABadAnswerStreams(t *testing.T) {
	t.Parallel()
	read := newGate()
	f := start(t, "fanOut: {max: 1, adaptive: false}", serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "early ")
		flush(w)
		if read.wait() {
			_, _ = io.WriteString(w, "late")
		}
	}))
	answer := f.open(t, "/")
	head := make([]byte, 6)
	if _, err := io.ReadFull(answer.Body, head); err != nil || string(head) != "early " {
		t.Fatalf("%q %v", head, err)
	}
	read.open()
	if got, err := io.ReadAll(answer.Body); string(got) != "late" || err != nil {
		t.Fatalf("%q %v", got, err)
	}
}

func TestClassification(t *testing.T) {
	t.Parallel()
	f := func(extra string, status, attempts int, outcome string) {
		t.Run(fmt.Sprint(extra, " ", status), func(t *testing.T) {
			t.Parallel()
			replicas := some(t, 3, says(status, ""))
			f := start(t, unhurried+extra, replicas...)
			if got := f.get(t, "/"); got.StatusCode != status {
				t.Error(got.Status)
			}
			if n := served(replicas); n != int64(attempts) {
				t.Errorf("%d attempts", n)
			}
			if a := f.attempts(t, 1); a[0] != outcome {
				t.Error(a)
			}
		})
	}
	for _, status := range []int{200, 302, 404, 418, 499} {
		f("", status, 1, "won") // accepted
	}
	for _, status := range []int{429, 500, 502, 503, 504} {
		f("", status, 3, "failed") // non-fatal
	}
	for _, status := range []int{501, 505, 599} {
		f("", status, 1, "failed") // fatal
	}
	f(`accept: {http: ["200-299"]}`, 404, 1, "failed")
	f(`nonFatal: {http: ["404"]}`+"\n"+`accept: {http: ["200-299"]}`, 404, 3, "failed")
	f(`accept: {http: ["200-299", "503"]}`+"\n"+`nonFatal: {http: ["500"]}`, 503, 1, "won")
}

// A fatal answer counts for the breaker only if it is the server's fault.
func TestClassificationFatalAndTheBreaker(t *testing.T) {
	t.Parallel()
	for status, failures := range map[int]uint32{501: 1, 404: 0} {
		f := start(t, unhurried+`accept: {http: ["200-299"]}`, serve(t, says(status, "")))
		f.get(t, "/")
		await(t, "the attempt's end", func() bool { return f.upstream().Endpoints[0].InFlight == 0 })
		if b := f.upstream().Endpoints[0].Breaker; b.Failures != failures || b.Successes != 1-failures {
			t.Errorf("%d: %+v", status, b)
		}
	}
}

func TestAttemptTimeoutLaunchesTheNextAtOnce(t *testing.T) {
	t.Parallel()
	f := start(t, "attemptTimeout: 400ms\nstagger: {mode: Fixed, fixed: 2s}", some(t, 3, byAttempt(hangs, says(http.StatusOK, "second")))...)
	if got := f.get(t, "/"); got.body != "second" {
		t.Fatalf("%s %s", got.Status, got.body)
	}
	if d := cmp.Diff([]string{"timed_out", "won"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"initial", "failure"}, f.launched(t)); d != "" {
		t.Error(d)
	}
	failures := uint32(0)
	for _, e := range f.upstream().Endpoints {
		failures += e.Breaker.Failures
	}
	if failures != 1 {
		t.Errorf("the breakers count %d failures", failures)
	}
}

// attemptTimeout ends at commit as the deadline does.
func TestAttemptTimeoutEndsAtCommit(t *testing.T) {
	t.Parallel()
	f := start(t, "attemptTimeout: 500ms\nstagger: {mode: Fixed, fixed: 2s}", serve(t, func(w http.ResponseWriter, r *http.Request) {
		flush(w)
		lingers(800*time.Millisecond, says(http.StatusOK, "late"))(w, r)
	}))
	if got := f.get(t, "/"); got.body != "late" || got.err != nil {
		t.Fatalf("%s %q %v", got.Status, got.body, got.err)
	}
}
