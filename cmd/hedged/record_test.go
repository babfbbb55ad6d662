package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"hedged.dev/hedged/pkg/record"
)

// traffic sends calls one after another until the test ends.
func traffic(t *testing.T, at addresses, host string) {
	t.Helper()
	stop := make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		for {
			select {
			case <-stop:
				return
			default:
			}
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+at.Calls, http.NoBody)
			if err != nil {
				return
			}
			r.Host = host
			if answer, err := transport.RoundTrip(r); err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		sending.Wait()
	})
}

// greetings is a directory with two policies, default/greeting and
// default/farewell.
func greetings(t *testing.T) string {
	t.Helper()
	dir, upstream := t.TempDir(), newUpstream(t)
	for _, name := range []string{"greeting", "farewell"} {
		document := `apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: ` + name + `}
spec:
  match: [{hosts: [` + name + `.example]}]
  upstream: {endpoints: ["http://` + upstream + `"]}
  deadline: 10s
  fanOut: {max: 2, adaptive: false}
  stagger: {mode: Fixed, fixed: 5s}
`
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRecord(t *testing.T) {
	at := serve(t, "--policies", greetings(t))
	await(t, "http://"+at.Health+"/readyz")
	traffic(t, at, "greeting.example")
	traffic(t, at, "farewell.example")

	f := func(name string, args ...string) (attempts []record.Attempt) {
		t.Helper()
		args = append([]string{"record", "--from", at.Admin}, args...)
		code, stdout, stderr := hedged(t.Context(), "", args...)
		if !regexp.MustCompile(`^\d+ attempts of \d+ calls in [\d.]+m?s\n$`).MatchString(stderr) || code != 0 {
			t.Errorf("%s: exit code %d, stderr %q", name, code, stderr)
		}
		attempts, err := record.ReadAll(strings.NewReader(stdout), name)
		if err != nil {
			t.Error(err)
		}
		return attempts
	}
	policies := map[string]int{}
	for _, a := range f("all", "--for", "1s") {
		policies[a.Policy]++
	}
	if len(policies) != 2 {
		t.Errorf("policies %v, want two", policies)
	}
	for _, name := range []string{"farewell", "default/farewell"} {
		one := f(name, "--for", "500ms", "--policy", name)
		for _, a := range one {
			if a.Policy != "default/farewell" {
				t.Fatalf("--policy %s recorded one of %s", name, a.Policy)
			}
		}
		if len(one) == 0 {
			t.Errorf("nothing of %s was recorded", name)
		}
	}

	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	if rest := f("into a file", "--for", "500ms", "--output", file); len(rest) != 0 {
		t.Error("a recording into a file also went to the standard output")
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if attempts, err := record.ReadAll(bytes.NewReader(written), file); err != nil || len(attempts) == 0 {
		t.Errorf("%d attempts in the file, error %v", len(attempts), err)
	}
}

func TestRecordErrors(t *testing.T) {
	at := serve(t, "--policies", greetings(t))
	await(t, "http://"+at.Health+"/readyz")
	debug := "http://" + at.Admin
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + free.Addr().String()
	free.Close()

	f := func(name string, code int, want string, args ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			got, stdout, stderr := hedged(t.Context(), "", append([]string{"record"}, args...)...)
			if got != code || stdout != "" || stderr != "hedged: "+want+"\n" {
				t.Errorf("exit code %d, want %d; stderr\n%swant\nhedged: %s", got, code, stderr, want)
			}
		})
	}
	f("nobody listens", 1, "nobody listens at "+nobody+": a daemon opens its debug port there with hedged serve --admin-listen ADDRESS", "--from", nobody)
	f("another port", 1, "http://"+at.Health+"/stats answers 404: no debug port of hedged, which hedged serve opens at --admin-listen", "--from", at.Health)
	f("an unknown policy", 1, debug+" has no policy greting; did you mean greeting?", "--from", at.Admin, "--policy", "greting")
	f("an unknown namespace", 1, debug+" has no policy shop/farewell; did you mean default/farewell?", "--from", at.Admin, "--policy", "shop/farewell")
	f("no guess", 1, debug+" has no policy x; it has default/farewell, default/greeting", "--from", at.Admin, "--policy", "x")
	f("no place for the file", 1, "--output: open /does/not/exist: no such file or directory", "--from", at.Admin, "--output", "/does/not/exist")
	f("a negative time", 2, "--for must not be negative", "--for", "-1s")
	f("no URL", 2, `invalid argument "ftp://x" for "--from" flag: must be an address, such as http://127.0.0.1:8082`, "--from", "ftp://x")
	f("a page", 2, `invalid argument "http://x/attempts" for "--from" flag: must be an address, such as http://127.0.0.1:8082`, "--from", "http://x/attempts")
}

// fake is a debug port whose stream says what it is told.
func fake(t *testing.T, stream string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/attempts" {
			_, _ = io.WriteString(w, stream)
			return
		}
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const attemptLine = `{"time":"2026-11-22T10:00:00Z","policy":"shop/catalog","call":1,"attempt":1,"trigger":"initial","endpoint":"10.0.0.1:80","end":"won","status":200,"elapsed_ms":2.5}
`

// TestRecordOfAnEndedDaemon: what came until then is kept.
func TestRecordOfAnEndedDaemon(t *testing.T) {
	code, stdout, stderr := hedged(t.Context(), "", "record", "--from", fake(t, attemptLine))
	if code != 0 || stdout != attemptLine || !strings.HasPrefix(stderr, "1 attempt of 1 call in ") || !strings.HasSuffix(stderr, "the daemon has ended the stream\n") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestRecordOfNonsense(t *testing.T) {
	url := fake(t, attemptLine+"nonsense\n")
	code, stdout, stderr := hedged(t.Context(), "", "record", "--from", url)
	if code != 1 || stdout != attemptLine || !strings.Contains(stderr, "hedged: "+url+"/attempts:2: not an attempt") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestRecordUntilInterrupted is Ctrl-C in a real process: the file is whole and
// the exit code that of success.
func TestRecordUntilInterrupted(t *testing.T) {
	at := serve(t, "--policies", greetings(t))
	await(t, "http://"+at.Health+"/readyz")
	traffic(t, at, "greeting.example")
	var errs bytes.Buffer
	process := self(t, nil, "record", "--from", at.Admin, "--for", "0")
	process.Stderr = &errs
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Process.Kill() }) // it has ended, if all is well
	begun := make([]byte, 1)
	if _, err := io.ReadFull(out, begun); err != nil {
		t.Fatal(err)
	}
	if err := process.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("%v, stderr %s", err, &errs)
	}
	if _, err := record.ReadAll(strings.NewReader(string(begun)+string(rest)), "stdout"); err != nil {
		t.Error(err)
	}
	if !strings.Contains(errs.String(), " calls in ") {
		t.Errorf("stderr %q", &errs)
	}
}
