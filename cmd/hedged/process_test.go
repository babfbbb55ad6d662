package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/record"
	"hedged.dev/hedged/test/otlptest"
)

// TestSIGTERMUnderLoad is the end of a real process: no call in flight fails,
// new calls succeed for the lame-duck time, and every span arrives, as does
// every line of the attempt log (P29).
func TestSIGTERMUnderLoad(t *testing.T) {
	collector := otlptest.Start(t)
	log := filepath.Join(t.TempDir(), "attempts.jsonl")
	process, at := launch(t, []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.HTTP, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=3600000",
	}, "--policies", slowPolicy(t), "--lame-duck", "1s", "--drain-timeout", "10s", "--attempt-log", log)

	var (
		calls, ended sync.WaitGroup
		mu           sync.Mutex
		answers      = map[string]int{}
		stop         = make(chan struct{})
		sent         = make(chan int, 10_000)
	)
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	defer transport.CloseIdleConnections()
	ended.Go(func() {
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-ticker.C:
				sent <- n
				calls.Go(func() {
					answer := call(transport, "http://"+at.Calls)
					mu.Lock()
					defer mu.Unlock()
					answers[answer]++
				})
			}
		}
	})
	for range 100 { // calls are under way
		<-sent
	}
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for range 100 { // half a second of new calls while it is lame
		<-sent
	}
	close(stop)
	ended.Wait()
	calls.Wait()
	if err := process.Wait(); err != nil {
		t.Errorf("hedged ended with %v", err)
	}
	total := 0
	for answer, n := range answers {
		total += n
		if !strings.HasPrefix(answer, "200") {
			t.Errorf("%d of the calls: %s", n, answer)
		}
	}
	if answers["200, close"] == 0 {
		t.Error("no answer asked to close its connection")
	}
	servers := 0
	for _, s := range collector.Spans() {
		if s.Kind == "SERVER" {
			servers++
		}
	}
	if servers != total {
		t.Errorf("%d of %d calls' spans arrived", servers, total)
	}
	written, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	attempts, err := record.ReadAll(bytes.NewReader(written), log)
	if err != nil || len(attempts) != total { // none is slow enough for a hedge
		t.Errorf("%d attempts of %d calls in the log, error %v", len(attempts), total, err)
	}
}

// slowPolicy is a directory with a policy for host slow, whose upstream takes
// a tenth of a second.
func slowPolicy(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(100 * time.Millisecond):
			_, _ = io.WriteString(w, "ok")
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	dir := t.TempDir()
	document := fmt.Sprintf(`apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: slow}
spec:
  match: [{hosts: [slow]}]
  upstream: {endpoints: [%q]}
  deadline: 5s
  fanOut: {max: 2, adaptive: false}
  stagger: {mode: Fixed, fixed: 2s}
`, s.URL)
	if err := os.WriteFile(filepath.Join(dir, "slow.yaml"), []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// call sends one call and says in a word what came of it.
func call(transport http.RoundTripper, url string) string {
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err.Error()
	}
	r.Host = "slow"
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err.Error()
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return err.Error()
	}
	if answer.Close {
		return answer.Status[:3] + ", close"
	}
	return answer.Status[:3]
}

// self is the test binary as hedged.
func self(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(append(os.Environ(), asHedged+"=1"), env...)
	return cmd
}

// launch starts the test binary as hedged and waits until it is ready.
func launch(t *testing.T, env []string, args ...string) (*exec.Cmd, addresses) {
	t.Helper()
	cmd := self(t, env, append([]string{
		"serve", "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
	}, args...)...)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, if all is well
	for lines := bufio.NewScanner(log); lines.Scan(); {
		var line addresses
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			var drained sync.WaitGroup
			drained.Go(func() { _, _ = io.Copy(io.Discard, log) })
			t.Cleanup(drained.Wait)
			await(t, "http://"+line.Health+"/readyz")
			return cmd, line
		}
	}
	t.Fatal("it ended before it served")
	return nil, addresses{}
}
