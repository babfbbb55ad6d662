package proxy_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCallWithoutAHedge(t *testing.T) {
	t.Parallel()
	r := serve(t, says(http.StatusOK, "hello"))
	f := start(t, unhurried, r)
	got := f.get(t, "/v1/x?q=1")
	if got.StatusCode != http.StatusOK || got.body != "hello" {
		t.Fatalf("%v %q", got.Status, got.body)
	}
	if d := cmp.Diff([]string{"won"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}
}

func TestHedgeRescuesACallThatHangs(t *testing.T) {
	t.Parallel()
	f := start(t, two, some(t, 2, byAttempt(hangs, says(http.StatusOK, "rescued")))...)
	got := f.get(t, "/")
	if got.StatusCode != http.StatusOK || got.body != "rescued" {
		t.Fatalf("%v %q", got.Status, got.body)
	}
	if d := cmp.Diff([]string{"lost", "won"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}
}
