package daemon_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/daemon"
	"hedged.dev/hedged/pkg/telemetry"
)

// A call that arrives before the policies were read waits for them. This one is
// there before the daemon runs: the listener keeps it.
func TestCallsAreHeldUntilPoliciesAreKnown(t *testing.T) {
	i := &instance{t: t, dir: t.TempDir(), logs: &lines{}, ended: make(chan error, 1)}
	i.write("shop.yaml", shop(replicas(t, 1), "  deadline: 2s\n"))
	d, err := daemon.New(t.Context(), daemon.Options{
		Listen: "127.0.0.1:0", HealthListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Policies: i.dir, DrainTimeout: patience,
		Telemetry: telemetry.Options{Service: "hedged", LogWriter: i.logs},
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", d.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	i.Daemon = d
	ctx, cancel := context.WithCancel(context.Background())
	i.cancel = cancel
	go func() { i.ended <- d.Run(ctx) }()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("status %d", answer.StatusCode)
	}
	if err := i.end(); err != nil {
		t.Error(err)
	}
}

// TestDebugPortIsNoUpstream: who may write policies must not publish the debug port
// by naming it as an upstream.
func TestDebugPortIsNoUpstream(t *testing.T) {
	i := run(t, daemon.Options{}, nil)
	port := i.AdminAddr().(*net.TCPAddr).Port
	i.write("shop.yaml", shop([]string{fmt.Sprintf("http://127.0.0.1:%d", port), fmt.Sprintf("http://localhost:%d", port)}, "  deadline: 1s\n"))
	i.await("the policy", func() bool { return len(i.dump().Policies) == 1 })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+i.Addr().String()+"/config_dump", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "shop"
	answer, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(closing(r))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if body, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusBadGateway {
		t.Errorf("%s %s", answer.Status, body)
	}
}
