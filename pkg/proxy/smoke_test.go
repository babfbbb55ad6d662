package proxy_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCallWithoutAHedge(t *testing.T) {
	r := serve(t, says(http.StatusOK, "hello"))
	f := start(t, "", r)
	got := f.get(t, "/v1/x?q=1")
	if got.StatusCode != http.StatusOK || got.body != "hello" {
		t.Fatalf("%v %q", got.Status, got.body)
	}
	if d := cmp.Diff([]string{"won"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}
}

func TestHedgeRescuesACallThatHangs(t *testing.T) {
	var o once
	h := func(w http.ResponseWriter, r *http.Request) {
		if o.first() {
			hangs(w, r)
			return
		}
		says(http.StatusOK, "rescued")(w, r)
	}
	f := start(t, "", serve(t, h), serve(t, h), serve(t, h))
	got := f.get(t, "/")
	if got.StatusCode != http.StatusOK || got.body != "rescued" {
		t.Fatalf("%v %q", got.Status, got.body)
	}
	if d := cmp.Diff([]string{"lost", "won"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}
}
