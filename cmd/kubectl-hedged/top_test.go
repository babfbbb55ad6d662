package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hedged.dev/hedged/test/apiserver"
)

// counted is a health port. Between two looks shop/catalog has 100 calls, of which
// 89 succeed and 1 is given up by its client, 110 attempts, and 5 suppressed.
// looked is told how often it was looked at.
func counted(t *testing.T, began float64, looked func(int64)) string {
	t.Helper()
	var looks atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		look := looks.Add(1)
		looked(look)
		n := float64(look) + began
		fmt.Fprintf(w, `# TYPE hedged_calls_total counter
hedged_calls_total{hedged_policy="shop/catalog",hedged_upstream="a",hedged_call_outcome="succeeded"} %v
hedged_calls_total{hedged_policy="shop/catalog",hedged_upstream="a",hedged_call_outcome="failed"} %v
hedged_calls_total{hedged_policy="shop/catalog",hedged_upstream="a",hedged_call_outcome="client_gone"} %v
hedged_calls_total{hedged_policy="shop/quiet",hedged_upstream="b",hedged_call_outcome="succeeded"} 7
# TYPE hedged_attempts_launched_total counter
hedged_attempts_launched_total{hedged_policy="shop/catalog",hedged_upstream="a",hedged_attempt_trigger="initial"} %v
hedged_attempts_launched_total{hedged_policy="shop/catalog",hedged_upstream="a",hedged_attempt_trigger="stagger"} %v
# TYPE hedged_attempts_suppressed_total counter
hedged_attempts_suppressed_total{hedged_policy="shop/catalog",hedged_upstream="a",hedged_suppressed_reason="budget"} %v
`, 89*n, 10*n, n, 100*n, 10*n, 5*n)
	}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestTopOnce(t *testing.T) {
	t.Parallel()
	namespace := server.Namespace(t)
	client := apiserver.Client(t, server.Config)
	runPod(t, client, namespace, "hedged-0")
	runPod(t, client, namespace, "hedged-1")
	var looks atomic.Int64
	p := pods{"hedged-0": {8081: counted(t, 0, func(int64) {})}, "hedged-1": {8081: counted(t, 1000, looks.Store)}}
	code, stdout, stderr := plugin(t.Context(), t, namespace, p.reach, "top", "--once", "--interval", "10ms", "-o", "json")
	var f frame
	if err := json.Unmarshal([]byte(stdout), &f); err != nil || code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stdout %q, stderr %q: %v", code, stdout, stderr, err)
	}
	if looks.Load() != 2 || f.Pods != 2 || len(f.Policies) != 2 {
		t.Fatalf("%d looks, frame %+v", looks.Load(), f)
	}
	busy, quiet := f.Policies[0], f.Policies[1]
	if busy.Policy != "shop/catalog" || fmt.Sprintf("%.4f", *busy.Success) != "0.8990" || fmt.Sprintf("%.4f", *busy.ExtraLoad) != "0.1000" {
		t.Errorf("%s: success %v, extra load %v", busy.Policy, *busy.Success, *busy.ExtraLoad)
	}
	if ratio := busy.CallsPerSecond / busy.SuppressedPerSecond; fmt.Sprintf("%.4f", ratio) != "20.0000" {
		t.Errorf("calls are %v times what is suppressed, want 20", ratio)
	}
	if quiet.Policy != "shop/quiet" || quiet.CallsPerSecond != 0 || quiet.Success != nil || quiet.ExtraLoad != nil {
		t.Errorf("without calls: %+v", quiet)
	}
}

// TestTopUntilInterrupted: it goes on while a pod does not answer, and its end is
// no failure.
func TestTopUntilInterrupted(t *testing.T) {
	t.Parallel()
	namespace := server.Namespace(t)
	client := apiserver.Client(t, server.Config)
	runPod(t, client, namespace, "hedged-0")
	runPod(t, client, namespace, "hedged-1")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := counted(t, 0, func(n int64) {
		if n == 5 {
			cancel()
		}
	})
	p := pods{"hedged-0": {8081: address}, "hedged-1": {8081: "127.0.0.1:1"}}
	code, stdout, stderr := plugin(ctx, t, namespace, p.reach, "top", "--interval", "10ms")
	if code != 0 || strings.Count(stdout, "calls/s  success  extra load  suppressed/s  policy\n") < 2 {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
	warned := "kubectl hedged: warning: nobody listens at pod " + namespace +
		"/hedged-1, port 8081: a daemon opens its health port there with hedged serve --health-listen ADDRESS\n"
	if !strings.HasPrefix(stderr, warned) {
		t.Errorf("stderr %q, want it to begin with %q", stderr, warned)
	}
	delete(p, "hedged-0")
	delete(p, "hedged-1")
	code, _, stderr = plugin(t.Context(), t, namespace, p.reach, "top", "--once")
	if code != 1 || stderr != "kubectl hedged: pod hedged-0 broke\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestCountersThatBeginAnew(t *testing.T) {
	before := counts{calls: 100, attempts: 120, first: 100, suppressed: 3}
	after := counts{calls: 10, attempts: 12, first: 10}
	if got := after.since(before); got != after {
		t.Errorf("after a restart: %+v", got)
	}
	if got, want := (counts{calls: 101, attempts: 122, first: 101, suppressed: 3}).since(before), (counts{calls: 1, attempts: 2, first: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestFrames(t *testing.T) {
	at := time.Date(2026, 11, 1, 10, 20, 30, 0, time.UTC)
	f := frame{Time: at, Pods: 3, Policies: []policyLoad{
		{Policy: "shop/catalog", CallsPerSecond: 1234.56, Success: new(0.99912), ExtraLoad: new(0.0831), SuppressedPerSecond: 12},
		{Policy: "shop/quiet"},
	}}
	var b bytes.Buffer
	for _, f := range []frame{f, {Time: at, Pods: 1}} {
		if err := f.write(&b); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, filepath.Join("testdata", "top", "frames.txt"), "", b.String())

	// On a terminal of four lines: the first frame, then one over it.
	b.Reset()
	lines, err := redraw(&b, f, 0, 4)
	if err != nil || lines != 3 {
		t.Errorf("%d lines, %v", lines, err)
	}
	if lines, err = redraw(&b, frame{Time: at, Pods: 1}, lines, 4); err != nil || lines != 2 {
		t.Errorf("%d lines, %v", lines, err)
	}
	want := "\r\x1b[J10:20:30, 3 pods\ncalls/s  success  extra load  suppressed/s  policy\n1234.6   99.91 %  8.31 %      12.0          shop/catalog\n" +
		"\x1b[3A\r\x1b[J10:20:30, 1 pod\nno policy has had a call\n"
	if b.String() != want {
		t.Errorf("got\n%q\nwant\n%q", b.String(), want)
	}
}
