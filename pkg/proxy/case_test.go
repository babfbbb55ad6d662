package proxy_test

import (
	"net/http"
	"testing"
)

// Case A13: the deadline is far beyond the test's own patience, so that only a call
// which ends at once passes.
func TestA13APushbackBeyondTheDeadlineEndsTheCall(t *testing.T) {
	t.Parallel()
	f := start(t, "deadline: 60s\n"+unhurried, some(t, 3, refuses("Grpc-Retry-Pushback-Ms", "120000"))...)
	if got := f.get(t, "/"); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d, want the upstream's 503", got.StatusCode)
	}
	if a := f.attempts(t, 1); len(a) != 1 || a[0] != "failed" {
		t.Errorf("attempts ended as %v", a)
	}
	if s := f.suppressed(t); s != `["2:failure:no_time"]` {
		t.Errorf("suppressed are %s", s)
	}
}
