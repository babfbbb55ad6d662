package proxy_test

import (
	"net/http"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/proxy"
)

// A policy whose upstream is hedged itself: the call ends, at once and for a reason,
// and nobody on the way sends it once more.
func TestLoopEnds(t *testing.T) {
	t.Parallel()
	f := begin(t, proxy.Options{})
	self := &replica{Server: f.Server}
	f.publish(t, document("shop", "shop", unhurried, self))
	got := f.get(t, "/")
	if got.StatusCode != http.StatusLoopDetected || !strings.Contains(got.body, "default/shop leads to hedged again") ||
		!strings.Contains(got.Header.Get("Proxy-Status"), "proxy_loop_detected") {
		t.Errorf("%s %s %s", got.Status, got.Header, got.body)
	}
	const calls = 5 + 1 // the last of which is refused
	await(t, "the spans of the calls", func() bool { return len(f.kind("server")) >= calls })
	if servers, attempts := len(f.kind("server")), len(f.kind("client")); servers != calls || attempts != calls-1 {
		t.Errorf("%d calls and %d attempts, want %d and %d", servers, attempts, calls, calls-1)
	}
}

func TestChainOfFourIsNoLoop(t *testing.T) {
	t.Parallel()
	f := start(t, unhurried, serve(t, says(http.StatusOK, "ok")))
	via := func(n int) func(*http.Request) { return set("Via", strings.Repeat("1.1 hedged, ", n)+"1.1 edge") }
	if got := f.get(t, "/", via(4)); got.StatusCode != http.StatusOK {
		t.Errorf("after four: %s %s", got.Status, got.body)
	}
	if got := f.get(t, "/", via(5)); got.StatusCode != http.StatusLoopDetected {
		t.Errorf("after five: %s %s", got.Status, got.body)
	}
}
