package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/command"
)

// anywhere has serve bind free ports.
func anywhere(args ...string) []string {
	return append([]string{
		"serve", "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
		"--lame-duck", "0s",
	}, args...)
}

// bound is how long the daemon may take for what it does at once.
const bound = 10 * time.Second

// addresses are what the log line "serving" tells.
type addresses struct{ Msg, Calls, Health, Admin string }

// serve runs the daemon until the test ends, and wants the exit code 0 then.
func serve(t *testing.T, args ...string) addresses {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- command.Run(ctx, newRoot(command.Streams{In: strings.NewReader(""), Out: io.Discard, Err: writer}), anywhere(args...))
		writer.Close()
	}()

	serving := make(chan addresses, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for log := bufio.NewScanner(reader); log.Scan(); {
			var line addresses
			if json.Unmarshal(log.Bytes(), &line) == nil && line.Msg == "serving" {
				serving <- line
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		if c := <-code; c != 0 {
			t.Errorf("exit code %d", c)
		}
		<-read
	})
	select {
	case where := <-serving:
		return where
	case <-read:
		t.Fatal("it ended before it served")
	case <-time.After(bound):
		t.Fatal("it does not say that it serves")
	}
	return addresses{}
}

func TestServe(t *testing.T) {
	upstream := newUpstream(t)
	policies := t.TempDir()
	document := fmt.Sprintf(`apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: greeting}
spec:
  match: [{hosts: [greeting.example]}]
  upstream: {endpoints: ["http://%s"]}
  deadline: 10s
  fanOut: {max: 1, adaptive: false}
  stagger: {mode: Fixed, fixed: 1s}
`, upstream)
	if err := os.WriteFile(filepath.Join(policies, "greeting.yaml"), []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HEDGED_POLICIES", policies)

	at := serve(t)
	await(t, "http://"+at.Health+"/readyz")
	if status, body := get(t, "http://"+at.Calls, "greeting.example"); status != 200 || body != "hello" {
		t.Errorf("the call got %d %q", status, body)
	}
	if status, _ := get(t, "http://"+at.Calls, "nobody.example"); status != 404 {
		t.Errorf("a call without a policy got %d", status)
	}
}

func TestServeWarnsOfUnknownVariables(t *testing.T) {
	t.Setenv("HEDGED_LAMEDUCK", "1s")
	code, _, stderr := hedged(t.Context(), "", anywhere("--policies", filepath.Join(t.TempDir(), "nowhere"))...)
	const want = "hedged: warning: HEDGED_LAMEDUCK is not a setting and has no effect; did you mean HEDGED_LAME_DUCK?\n"
	if !strings.HasPrefix(stderr, want) {
		t.Errorf("stderr %q, want first %q", stderr, want)
	}
	if code != 1 || !strings.Contains(stderr, "nowhere") {
		t.Errorf("a missing directory: exit code %d, stderr %q", code, stderr)
	}
}

func TestServeAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	code, _, stderr := hedged(t.Context(), "", anywhere("--policies", t.TempDir(), "--listen", address)...)
	if code != 1 || !strings.HasPrefix(stderr, "hedged: ") || !strings.Contains(stderr, address) {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func newUpstream(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hello")
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return listener.Addr().String()
}

// await asks until the answer is 200.
func await(t *testing.T, url string) {
	t.Helper()
	for start := time.Now(); time.Since(start) < bound; {
		if status, _ := get(t, url, ""); status == 200 {
			return
		}
	}
	t.Fatalf("%s does not answer 200", url)
}

func get(t *testing.T, url, host string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
