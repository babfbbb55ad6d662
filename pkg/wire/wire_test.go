package wire_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"hedged.dev/hedged/pkg/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func TestDeadlineInIsTheLeast(t *testing.T) {
	f := func(want time.Duration, ok bool, pairs ...string) {
		t.Helper()
		got, found := wire.DeadlineIn(header(pairs...), "X-Deadline")
		if got != want || found != ok {
			t.Errorf("%v: %v %v, want %v %v", pairs, got, found, want, ok)
		}
	}
	f(0, false)
	f(100*time.Millisecond, true, "grpc-timeout", "100m")
	f(2*time.Hour, true, "grpc-timeout", "2H")
	f(3*time.Minute, true, "grpc-timeout", "3M")
	f(4*time.Second, true, "grpc-timeout", "4S")
	f(5*time.Microsecond, true, "grpc-timeout", "5u")
	f(6*time.Nanosecond, true, "grpc-timeout", "6n")
	f(0, true, "grpc-timeout", "0m")
	f(0, false, "grpc-timeout", "123456789m") // nine digits
	f(0, false, "grpc-timeout", "5x")
	f(0, false, "grpc-timeout", "m")
	f(0, false, "grpc-timeout", "-5m")
	f(876000*time.Hour, true, "grpc-timeout", "99999999H")
	f(250*time.Millisecond, true, "x-envoy-expected-rq-timeout-ms", "250")
	f(0, false, "x-envoy-expected-rq-timeout-ms", "0")
	f(876000*time.Hour, true, "x-envoy-expected-rq-timeout-ms", "9223372036854775807")
	f(80*time.Millisecond, true, "connect-timeout-ms", "80")
	f(70*time.Millisecond, true, "x-deadline", "70")
	f(1500*time.Millisecond, true, "x-deadline", "1.5s")
	f(0, false, "x-deadline", "-1s")
	f(0, false, "x-deadline", "soon")
	f(70*time.Millisecond, true, "x-deadline", "90ms", "grpc-timeout", "1S", "connect-timeout-ms", "70")
}

func TestDeadlineOut(t *testing.T) {
	f := func(extra string, remains time.Duration, must bool, in, want http.Header) {
		t.Helper()
		wire.DeadlineOut(in, extra, remains, must)
		if d := cmp.Diff(want, in); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	f("", 42*time.Millisecond, false, header(), header())
	f("", 42*time.Millisecond, true, header(), header("X-Envoy-Expected-Rq-Timeout-Ms", "42"))
	f("X-D", 42*time.Millisecond, true, header(), header("X-Envoy-Expected-Rq-Timeout-Ms", "42", "X-D", "42"))
	f("", 42*time.Millisecond, true, header("Content-Type", "application/grpc+proto"), header("Content-Type", "application/grpc+proto", "Grpc-Timeout", "42000000n"))
	f("", 42*time.Millisecond, true, header("Connect-Timeout-Ms", "99"), header("Connect-Timeout-Ms", "42"))
	f("X-D", 1500*time.Microsecond, false, header("X-D", "1s"), header("X-D", "1.5ms"))
	f("X-D", 1500*time.Microsecond, false, header("X-D", "10"), header("X-D", "1"))
	f("", -time.Second, false, header("Connect-Timeout-Ms", "9"), header("Connect-Timeout-Ms", "1"))
}

func FuzzDeadline(f *testing.F) {
	for _, s := range []string{"1S", "100m", "99999999H", "250", "1.5s", "", "-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h := http.Header{"Grpc-Timeout": {s}, "Connect-Timeout-Ms": {s}, "X-D": {s}}
		d, ok := wire.DeadlineIn(h, "X-D")
		if d < 0 || (!ok && d != 0) {
			t.Fatalf("%q: %v %v", s, d, ok)
		}
		if !ok {
			return
		}
		wire.DeadlineOut(h, "X-D", d, false)
		again, ok := wire.DeadlineIn(h, "X-D")
		if !ok || again > max(d, time.Millisecond) { // it may only shrink, but for the floor of a millisecond
			t.Fatalf("%q: %v became %v in %v", s, d, again, h)
		}
	})
}

func TestAttemptNumber(t *testing.T) {
	f := func(want int, pairs ...string) {
		t.Helper()
		if got := wire.AttemptIn(header(pairs...)); got != want {
			t.Errorf("%v: %d, want %d", pairs, got, want)
		}
	}
	f(1)
	f(1, "hedged-attempt", "1", "x-envoy-attempt-count", "1", "grpc-previous-rpc-attempts", "0")
	f(2, "hedged-attempt", "2")
	f(3, "x-envoy-attempt-count", "3")
	f(2, "grpc-previous-rpc-attempts", "1")
	f(1, "hedged-attempt", "many", "x-envoy-attempt-count", "-4")

	h := header("Content-Type", "application/grpc")
	wire.AttemptOut(h, 1)
	if d := cmp.Diff(header("Content-Type", "application/grpc", "Hedged-Attempt", "1"), h); d != "" {
		t.Errorf("%v", h)
	}
	wire.AttemptOut(h, 3)
	if got := wire.AttemptIn(h); got != 3 || h.Get("grpc-previous-rpc-attempts") != "2" || h.Get("x-envoy-attempt-count") != "3" {
		t.Errorf("%v reads as %d", h, got)
	}
}

func TestHoldOff(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f := func(want time.Duration, ok bool, value string) {
		t.Helper()
		if got, found := wire.HoldOff(header("Retry-After", value), now); got != want || found != ok {
			t.Errorf("%q: %v %v, want %v %v", value, got, found, want, ok)
		}
	}
	f(3*time.Second, true, "3")
	f(0, false, "0")
	f(0, false, "-3")
	f(0, false, "soon")
	f(90*time.Second, true, "Sun, 22 Nov 2026 12:01:30 GMT")
	f(90*time.Second, true, "Sunday, 22-Nov-26 12:01:30 GMT")
	f(0, false, "Sun, 22 Nov 2026 11:59:00 GMT")
	if _, ok := wire.HoldOff(header(), now); ok {
		t.Error("an absent field is no pushback")
	}
}

func TestCallPushback(t *testing.T) {
	f := func(want time.Duration, ok bool, value string) {
		t.Helper()
		if got, found := wire.CallPushback(header("Grpc-Retry-Pushback-Ms", value)); got != want || found != ok {
			t.Errorf("%q: %v %v, want %v %v", value, got, found, want, ok)
		}
	}
	f(20*time.Millisecond, true, "20")
	f(0, false, "0")
	f(-1, true, "-1")
	f(-1, true, "soon")
	f(0, false, "")
}

func TestP31HopByHopFieldsEndHere(t *testing.T) {
	h := header("Connection", "close, X-Secret", "Connection", "x-other", "X-Secret", "1", "X-Other", "2", "Keep-Alive", "timeout=5",
		"Proxy-Connection", "keep-alive", "Proxy-Authorization", "Basic x", "Te", "gzip, Trailers", "Trailer", "X-T", "Transfer-Encoding", "chunked",
		"Upgrade", "websocket", "Http2-Settings", "AAA", "X-Kept", "3")
	wire.StripRequest(h)
	if d := cmp.Diff(header("X-Kept", "3", "Te", "trailers"), h); d != "" {
		t.Errorf("request (-want +got):\n%s", d)
	}
	h = header("Connection", "X-Secret", "X-Secret", "1", "Proxy-Authenticate", "Basic", "Transfer-Encoding", "chunked", "X-Kept", "3")
	wire.StripResponse(h)
	if d := cmp.Diff(header("X-Kept", "3"), h); d != "" {
		t.Errorf("response (-want +got):\n%s", d)
	}
	h = header("Te", "gzip")
	wire.StripRequest(h)
	if d := cmp.Diff(header(), h); d != "" {
		t.Errorf("request (-want +got):\n%s", d)
	}
}

func TestPasses(t *testing.T) {
	f := func(want int, via ...string) {
		t.Helper()
		h := header()
		for _, v := range via {
			h.Add("Via", v)
		}
		if got := wire.Passes(h); got != want {
			t.Errorf("%q: %d, want %d", via, got, want)
		}
	}
	f(0)
	f(0, "1.1 edge", "1.1 hedged.example", "hedged")
	f(1, "1.1 hedged")
	f(3, "1.1 edge, 2.0 hedged (shop)", "1.0 hedged,HTTP/1.1 hedged")
}

func TestForwarded(t *testing.T) {
	h := header("X-Forwarded-For", "10.0.0.1", "X-Forwarded-For", "10.0.0.2", "X-Forwarded-Proto", "https", "Via", "1.0 old")
	wire.Forwarded(h, "10.0.0.3", "http", "shop")
	wire.Via(h, 1, 1)
	wire.Via(h, 2, 0)
	wire.Via(h, 1, 0)
	want := header("X-Forwarded-For", "10.0.0.1, 10.0.0.2, 10.0.0.3", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "shop", "Via", "1.0 old", "Via", "1.1 hedged", "Via", "2.0 hedged", "Via", "1.0 hedged")
	if d := cmp.Diff(want, h); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestProblem(t *testing.T) {
	p := wire.Problem{Status: 504, Kind: "deadline_exceeded", Title: "No answer in time", Detail: `a "quoted" détail`, ProxyError: "http_response_timeout", More: map[string]any{"attempts": 2, "title": "cannot be replaced"}}
	var got map[string]any
	if err := json.Unmarshal(p.Body(), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"type": "https://hedged.dev/problems/deadline_exceeded", "title": "No answer in time", "status": 504.0, "detail": `a "quoted" détail`, "attempts": 2.0}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if want := `hedged; error=http_response_timeout; details="a \"quoted\" d?tail"`; p.ProxyStatus() != want {
		t.Errorf("Proxy-Status %s, want %s", p.ProxyStatus(), want)
	}
	if got := string(wire.Problem{Title: "x", More: map[string]any{"f": func() {}}}.Body()); !strings.Contains(got, `"x"`) {
		t.Errorf("body %s", got)
	}
}

func ExampleDeadlineIn() {
	h := http.Header{"Grpc-Timeout": {"1S"}, "X-Envoy-Expected-Rq-Timeout-Ms": {"250"}}
	d, ok := wire.DeadlineIn(h, "")
	fmt.Println(d, ok)
	// Output: 250ms true
}
