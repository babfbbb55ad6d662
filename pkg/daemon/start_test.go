package daemon_test

import (
	"bufio"
	"context"
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
