package selftest_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/daemon"
	"hedged.dev/hedged/pkg/selftest"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/test/apiserver"
)

var server *apiserver.Server

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m, &server)) }

// patience bounds what passes at once on a machine that is not busy.
const patience = 30 * time.Second

// serve starts an upstream and returns its address.
func serve(t *testing.T, name string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- selftest.Serve(ctx, listener, name) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// policies are those of the chart's tests, one for each protocol, with the upstream's
// endpoints and an edit.
func policies(endpoints []string, edit string) string {
	var all []string
	for i := range endpoints {
		endpoints[i] = fmt.Sprintf("%q", "http://"+endpoints[i])
	}
	for name, more := range map[string]string{
		"http": "  match: [{hosts: [test]}]\n",
		"grpc": "  match: [{hosts: [test], path: {type: PathPrefix, value: /grpc.health.v1.Health}}]\n  idempotency: Always\n",
	} {
		protocol := map[string]string{"http": "HTTP1", "grpc": "H2C"}[name]
		all = append(all, fmt.Sprintf(`apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: %s}
spec:
%s  upstream: {endpoints: [%s], protocol: %s}
%s`, name, more, strings.Join(endpoints, ", "), protocol, edit))
	}
	return strings.Join(all, "---\n")
}

// charts is the edit that the chart's tests are made with.
const charts = "  deadline: 5s\n  fanOut: {max: 2, adaptive: false}\n  stagger: {mode: Fixed, fixed: 50ms}\n"

// hedged starts the daemon with policies and returns its address, and a function
// that puts others in force.
func hedged(t *testing.T, text string) (address string, write func(text string)) {
	t.Helper()
	folder := t.TempDir()
	write = func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, "next"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(folder, "next"), filepath.Join(folder, "test.yaml")); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	ctx, cancel := context.WithCancel(context.Background())
	d, err := daemon.New(ctx, daemon.Options{
		Listen: "127.0.0.1:0", HealthListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Policies: folder, DrainTimeout: patience,
		Telemetry: telemetry.Options{Service: "hedged", LogWriter: new(buffer)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return d.Addr().String(), write
}

// buffer can be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
