package proxy_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/proxy"
)

func TestDeadlineOfTheCaller(t *testing.T) {
	t.Parallel()
	f := func(name, wait string, edit ...func(*http.Request)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := begin(t, proxy.Options{DeadlineHeader: "x-budget"})
			f.publish(t, document("shop", "shop", "deadline: 300ms", serve(t, hangs)))
			got := f.get(t, "/", edit...)
			if got.StatusCode != http.StatusGatewayTimeout || !strings.Contains(got.body, "no acceptable answer in "+wait) {
				t.Errorf("%s %s, want %s", got.Status, got.body, wait)
			}
		})
	}
	f("none", "300ms")
	f("gRPC", "110ms", set("Grpc-Timeout", "110m"))
	f("Envoy", "120ms", set("X-Envoy-Expected-Rq-Timeout-Ms", "120"))
	f("Connect", "130ms", set("Connect-Timeout-Ms", "130"))
	f("configured, milliseconds", "140ms", set("X-Budget", "140"))
	f("configured, a duration", "150ms", set("X-Budget", "0.15s"))
	f("the least wins", "100ms", set("Grpc-Timeout", "1S"), set("X-Envoy-Expected-Rq-Timeout-Ms", "100"), set("Connect-Timeout-Ms", "200"), set("X-Budget", "1h"))
	f("a caller cannot lengthen it", "300ms", set("Grpc-Timeout", "1H"), set("X-Budget", "1h"))
	f("nonsense counts as none", "300ms", set("Grpc-Timeout", "soon"), set("X-Envoy-Expected-Rq-Timeout-Ms", "-1"), set("Connect-Timeout-Ms", "0"))
}

// millis reads a header of milliseconds; 0 is none.
func millis(h http.Header, name string) int {
	n, _ := strconv.Atoi(h.Get(name))
	return n
}

func TestDeadlineOutWithCommitBodyIsWhatRemains(t *testing.T) {
	t.Parallel()
	const field = "X-Envoy-Expected-Rq-Timeout-Ms"
	var seen gather[http.Header]
	h := byAttempt(hangs, says(http.StatusOK, ""))
	f := begin(t, proxy.Options{DeadlineHeader: "x-budget"})
	f.publish(t, document("shop", "shop", "commit: Body\ndeadline: 3s\nstagger: {mode: Fixed, fixed: 50ms}", some(t, 2, func(w http.ResponseWriter, r *http.Request) {
		seen.add(r.Header)
		h(w, r)
	})...))
	f.get(t, "/")
	all := seen.list()
	if len(all) < 2 {
		t.Fatalf("%d attempts", len(all))
	}
	first, second := millis(all[0], field), millis(all[1], field)
	if first > 3000 || first < 1000 || second > first-40 || second <= 0 {
		t.Errorf("the attempts were told %d and %d", first, second)
	}
	if n := millis(all[0], "X-Budget"); n != first {
		t.Errorf("the configured field says %d", n)
	}

	var m remembers
	f.publish(t, document("shop", "shop", "commit: Body", serve(t, m.serve)))
	f.get(t, "/", set("Content-Type", "application/grpc"))
	if m.last(t).Header.Get("Grpc-Timeout") == "" {
		t.Error("no grpc-timeout for gRPC")
	}
}

func TestDeadlineOutIsOtherwiseTheCallersOwn(t *testing.T) {
	t.Parallel()
	var m remembers
	f := begin(t, proxy.Options{DeadlineHeader: "x-budget"})
	f.publish(t, document("shop", "shop", "deadline: 2s", serve(t, m.serve)))
	f.get(t, "/")
	for _, name := range []string{"Grpc-Timeout", "X-Envoy-Expected-Rq-Timeout-Ms", "Connect-Timeout-Ms", "X-Budget"} {
		if v := m.last(t).Header.Get(name); v != "" {
			t.Errorf("%s: %s although the caller has no deadline", name, v)
		}
	}
	// Longer than the policy's: that one is over at commit, the caller's is not.
	f.get(t, "/", set("Connect-Timeout-Ms", "60000"))
	got := m.last(t).Header
	if n := millis(got, "Connect-Timeout-Ms"); n > 60000 || n < 50000 {
		t.Errorf("Connect-Timeout-Ms: %d", n)
	}
	if got.Get("X-Envoy-Expected-Rq-Timeout-Ms") != "" || got.Get("Grpc-Timeout") != "" || got.Get("X-Budget") != "" {
		t.Errorf("fields that the caller did not use: %v", got)
	}
	f.get(t, "/", set("X-Budget", "30s"))
	if d, err := time.ParseDuration(m.last(t).Header.Get("X-Budget")); err != nil || d > 30*time.Second || d < 20*time.Second {
		t.Errorf("X-Budget: %s %v", d, err)
	}
}

// After commit the caller's own deadline still ends the stream.
func TestDeadlineOfTheCallerEndsAStream(t *testing.T) {
	t.Parallel()
	f := start(t, "", serve(t, func(w http.ResponseWriter, r *http.Request) {
		says(http.StatusOK, "the beginning")(w, r)
		flush(w)
		hangs(w, r)
	}))
	if got := f.get(t, "/", set("Connect-Timeout-Ms", "300")); got.err == nil || got.took > patience/2 {
		t.Errorf("%s %q in %s", got.Status, got.body, got.took)
	}
}

func TestDeadlineThatIsOverAlready(t *testing.T) {
	t.Parallel()
	r := serve(t, echoes)
	f := start(t, "", r)
	if got := f.get(t, "/", set("Grpc-Timeout", "1n")); got.StatusCode != http.StatusGatewayTimeout || r.served.Load() != 0 {
		t.Errorf("%s after %d attempts", got.Status, r.served.Load())
	}
}
