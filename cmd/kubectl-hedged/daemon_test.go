package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/daemon"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/test/apiserver"
)

// TestRealDaemon asks a real daemon, so that what the plugin reads is what one
// shows. Its policies are of a directory: the ConfigMaps have no annotation of them.
func TestRealDaemon(t *testing.T) {
	t.Parallel()
	namespace := server.Namespace(t)
	runPod(t, apiserver.Client(t, server.Config), namespace, "hedged-0")
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	t.Cleanup(upstream.Close)
	d := serve(t, namespace, map[string]string{
		"greeting.yaml": strings.Replace(policyText(t, "good.yaml"), "http://127.0.0.1:1", upstream.URL, 1),
		"broken.yaml":   strings.ReplaceAll(policyText(t, "good.yaml"), "300ms", "soon"),
	})
	call(t, d)
	p := pods{"hedged-0": {8081: d.HealthAddr().String(), 8082: d.AdminAddr().String()}}
	f := func(want string, args ...string) {
		t.Helper()
		code, stdout, stderr := plugin(t.Context(), t, namespace, p.reach, args...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%v: exit code %d, stderr %q, stdout\n%swant %q in it", args, code, stderr, stdout, want)
		}
	}
	f(namespace+"/catalog  Invalid   -", "status")
	f(namespace+"/catalog  Accepted  -", "status")
	f("  1/1   ", "status")
	f("spec.deadline: Invalid value", "status")
	f("0 further for 1 call so far (0 %)", "explain", "catalog")
	f("-        -           0.0           "+namespace+"/catalog", "top", "--once", "--interval", "10ms")
	f("1 pod\n", "top", "--once", "--interval", "10ms")
}

func policyText(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "validate", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// serve runs a daemon until the test ends.
func serve(t *testing.T, namespace string, policies map[string]string) *daemon.Daemon {
	t.Helper()
	dir := t.TempDir()
	for name, text := range policies {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err := daemon.New(ctx, daemon.Options{
		Listen: "127.0.0.1:0", HealthListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Policies: dir, Namespace: namespace,
		Telemetry: telemetry.Options{Service: "hedged", LogWriter: io.Discard},
	})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the daemon ended: %v", err)
		}
	})
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for end := time.After(15 * time.Second); d.Ready() != nil; {
		select {
		case <-look.C:
		case <-end:
			t.Fatal(d.Ready())
		}
	}
	return d
}

func call(t *testing.T, d *daemon.Daemon) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.Addr().String(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host, r.Close = "catalog.example", true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the call got %d", answer.StatusCode)
	}
}
