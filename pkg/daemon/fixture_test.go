package daemon_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"hedged.dev/hedged/pkg/daemon"
	"hedged.dev/hedged/pkg/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for an event.
const patience = 15 * time.Second

// instance is a daemon under test.
type instance struct {
	*daemon.Daemon
	t      testing.TB
	dir    string // of the policies
	logs   *lines
	cancel context.CancelFunc // asks for the end
	ended  chan error
}

// run starts a daemon on free ports with a directory of policies.
func run(t testing.TB, o daemon.Options, files map[string]string) *instance {
	t.Helper()
	i := &instance{t: t, dir: t.TempDir(), logs: &lines{}, ended: make(chan error, 1)}
	for name, text := range files {
		i.write(name, text)
	}
	o.Listen, o.HealthListen, o.AdminListen, o.Policies = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0", i.dir
	o.Telemetry = telemetry.Options{Service: "hedged", LogWriter: i.logs, Processors: o.Telemetry.Processors}
	ctx, cancel := context.WithCancel(context.Background())
	i.cancel = cancel
	var err error
	if i.Daemon, err = daemon.New(ctx, o); err != nil {
		t.Fatal(err)
	}
	go func() { i.ended <- i.Run(ctx) }()
	t.Cleanup(func() { _ = i.end() })
	i.await("readiness", func() bool { return i.Ready() == nil })
	return i
}

// end asks for the end, waits for it, and returns what Run did.
func (i *instance) end() error {
	i.cancel()
	select {
	case err := <-i.ended:
		i.ended <- err
		return err
	case <-time.After(patience):
		return fmt.Errorf("the daemon did not end")
	}
}

// write puts a policy in place as an editor does: through a rename.
func (i *instance) write(name, text string) {
	i.t.Helper()
	path := filepath.Join(i.dir, name)
	if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		i.t.Fatal(err)
	}
}

func (i *instance) await(what string, f func() bool) {
	i.t.Helper()
	bound, poll := time.After(patience), time.NewTicker(2*time.Millisecond)
	defer poll.Stop()
	for !f() {
		select {
		case <-poll.C:
		case <-bound:
			i.t.Fatalf("waited in vain for %s; log:\n%s", what, i.logs)
		}
	}
}

// dump is the part of /config_dump that tests look at.
type dump struct {
	Policies []struct {
		Policy, Revision string
		Plan             struct {
			FanOut            int
			Stagger, Deadline string
			Reason            string
		}
	}
	Documents []struct {
		Policy, Condition, Message string
		Faults                     []string
	}
}

func (i *instance) dump() (d dump) {
	i.t.Helper()
	if err := json.Unmarshal([]byte(i.admin("/config_dump")), &d); err != nil {
		i.t.Fatal(err)
	}
	return d
}

func (i *instance) admin(path string) string {
	i.t.Helper()
	_, body := i.fetch("http://" + i.AdminAddr().String() + path)
	return body
}

func (i *instance) fetch(url string) (int, string) {
	i.t.Helper()
	r, err := http.NewRequestWithContext(i.t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		i.t.Fatal(err)
	}
	answer, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(closing(r))
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func closing(r *http.Request) *http.Request {
	r.Close = true
	return r
}

// shop is a policy for host shop.
func shop(endpoints []string, edit string) string {
	return `apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: shop}
spec:
  match: [{hosts: [shop]}]
  upstream: {endpoints: ["` + strings.Join(endpoints, `", "`) + `"]}
  stagger: {mode: Fixed, fixed: 20ms}
` + edit
}

// replicas serve with a latency of a few milliseconds, and a slow path.
func replicas(t testing.TB, n int) (urls []string) {
	t.Helper()
	for range n {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			latency := time.Duration(1+rand.IntN(5)) * time.Millisecond
			if r.URL.Path == "/slow" {
				latency = 400 * time.Millisecond
			}
			select {
			case <-time.After(latency):
				_, _ = io.WriteString(w, "ok")
			case <-r.Context().Done():
			}
		}))
		t.Cleanup(s.Close)
		urls = append(urls, s.URL)
	}
	return urls
}

// load sends calls at a rate until stop is closed, none waiting for another.
type load struct {
	mu       sync.Mutex
	failures []string
	calls    int
	closes   int // answers that asked to close the connection
	wait     sync.WaitGroup
	stop     chan struct{}
	client   *http.Client
}

func (i *instance) load(rate int, transport *http.Transport, path func(n int) string) *load {
	l := &load{stop: make(chan struct{}), client: &http.Client{Transport: transport}}
	i.t.Cleanup(transport.CloseIdleConnections)
	l.wait.Go(func() {
		ticker := time.NewTicker(time.Second / time.Duration(rate))
		defer ticker.Stop()
		for n := 0; ; n++ {
			select {
			case <-l.stop:
				return
			case <-ticker.C:
				l.wait.Go(func() { l.call("http://" + i.Addr().String() + path(n)) })
			}
		}
	})
	return l
}

func (l *load) call(url string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	r.Host = "shop"
	failure := ""
	answer, err := l.client.Do(r)
	if err != nil {
		failure = err.Error()
	} else {
		defer func() { _ = answer.Body.Close() }()
		if body, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
			failure = fmt.Sprintf("%s %v %s", answer.Status, err, body)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if failure != "" {
		l.failures = append(l.failures, failure)
	}
	if answer != nil && answer.Close {
		l.closes++
	}
}

// end stops the load, waits for every call and fails the test for any that
// failed.
func (l *load) end(t testing.TB) {
	t.Helper()
	close(l.stop)
	l.wait.Wait()
	if l.calls == 0 || len(l.failures) > 0 {
		t.Errorf("%d of %d calls failed: %s", len(l.failures), l.calls, strings.Join(l.failures[:min(5, len(l.failures))], "; "))
	}
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// count counts a transport's connections.
func count(t *http.Transport, dials *atomic.Int64) {
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}
