package proxy_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/telemetry"
)

func TestP5CancellingTheWinnerDoesNotCutItsBody(t *testing.T) {
	t.Parallel()
	body := pattern(768 << 10)
	half := len(body) / 2
	whole := says(http.StatusOK, body)
	f := func(name, extra string, loser, winner http.HandlerFunc, want ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, two+extra, some(t, 2, byAttempt(loser, winner))...)
			got := f.get(t, "/")
			if got.StatusCode != http.StatusOK || got.err != nil || got.body != body {
				t.Fatalf("%s: %d of %d bytes, %v", got.Status, len(got.body), len(body), got.err)
			}
			if d := cmp.Diff(want, f.attempts(t, 1)); d != "" {
				t.Error(d)
			}
		})
	}
	const unhedged = "stagger: {mode: Fixed, fixed: 2s}"
	f("not hedged", unhedged, whole, whole, "won")
	f("hedged", "", hangs, whole, "lost", "won")
	f("hedged, commit FirstByte", "commit: FirstByte", hangs, whole, "lost", "won")
	f("hedged, commit Body", "commit: Body", hangs, whole, "lost", "won")
	f("hedged, commit Body beyond bufferLimit", "commit: Body\nbufferLimit: 64Ki", hangs, whole, "lost", "won")
	f("retried", unhurried, says(http.StatusServiceUnavailable, "no"), whole, "failed", "won")

	// The second half of the winner's body is written only when the loser has
	// been cancelled.
	for _, protocol := range []string{"HTTP1", "H2C"} {
		t.Run("the loser is gone before the body is there, "+protocol, func(t *testing.T) {
			t.Parallel()
			arrived, gone := newGate(), newGate()
			f := start(t, "upstream.protocol: "+protocol, some(t, 3, byAttempt(
				func(w http.ResponseWriter, r *http.Request) { arrived.open(); hangs(w, r); gone.open() },
				func(w http.ResponseWriter, _ *http.Request) {
					arrived.wait()
					_, _ = io.WriteString(w, body[:half])
					flush(w)
					if gone.wait() {
						_, _ = io.WriteString(w, body[half:])
					}
				},
			))...)
			if got := f.get(t, "/"); got.body != body || got.err != nil {
				t.Fatalf("%d of %d bytes, %v", len(got.body), len(body), got.err)
			}
		})
	}
}

func TestP7AFastBadAnswerDoesNotWin(t *testing.T) {
	t.Parallel()
	// Attempt 3 is there because attempt 2's answer has been judged: only then
	// does attempt 1 answer.
	judged := newGate()
	f := start(t, "stagger: {mode: Fixed, fixed: 300ms}", some(t, 3, byAttempt(
		func(w http.ResponseWriter, _ *http.Request) {
			if judged.wait() {
				_, _ = io.WriteString(w, "good")
			}
		},
		says(http.StatusServiceUnavailable, "bad"),
		func(w http.ResponseWriter, r *http.Request) { judged.open(); hangs(w, r) },
	))...)
	got := f.get(t, "/")
	if got.StatusCode != http.StatusOK || got.body != "good" {
		t.Fatalf("%s %q", got.Status, got.body)
	}
	if d := cmp.Diff([]string{"won", "failed", "lost"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}
}

func TestP8TheWinnerDoesNotWaitForLosers(t *testing.T) {
	t.Parallel()
	over := newGate()
	defer over.open()
	f := start(t, "fanOut: {max: 2, adaptive: false}", some(t, 2, byAttempt(
		func(http.ResponseWriter, *http.Request) { over.wait() }, // deaf to its cancellation
		says(http.StatusOK, "fast"),
	))...)
	if got := f.get(t, "/"); got.body != "fast" {
		t.Fatalf("%s %q", got.Status, got.body)
	}
	select {
	case <-over.c:
		t.Fatal("the loser is over")
	default:
	}
}

// A bad answer that is passed on for want of a better one was not accepted: no
// attempt has won.
func TestABadAnswerHasNoWinner(t *testing.T) {
	t.Parallel()
	f := func(h http.HandlerFunc, want string) {
		t.Helper()
		front := start(t, "", some(t, 3, h)...)
		front.get(t, "/")
		await(t, "the call's span", func() bool { return len(front.kind("server")) == 1 })
		if got := attributeOf(front.kind("server")[0], telemetry.WinnerKey); got != want {
			t.Errorf("the winner is %q, want %q", got, want)
		}
	}
	f(says(http.StatusServiceUnavailable, ""), "")
	f(says(http.StatusOK, ""), "1")
}
