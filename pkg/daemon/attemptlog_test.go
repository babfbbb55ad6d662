package daemon_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/daemon"
	"hedged.dev/hedged/pkg/record"
)

// readLog reads a file of the attempt log, which has to be of whole lines at
// any time.
func readLog(t *testing.T, file string) []record.Attempt {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		return nil // not yet
	}
	defer f.Close()
	attempts, err := record.ReadAll(f, file)
	if err != nil {
		t.Fatal(err)
	}
	return attempts
}

// TestAttemptLog: a line for each attempt while it runs, a new file when the
// old one is renamed away, and nothing lost in the end.
func TestAttemptLog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := run(t, daemon.Options{AttemptLog: file, DrainTimeout: patience}, map[string]string{"shop.yaml": shop(replicas(t, 3), enforce)})
	l := d.load(200, &http.Transport{MaxIdleConnsPerHost: 100}, func(n int) string {
		if n%20 == 0 {
			return "/slow" // is hedged
		}
		return "/"
	})
	d.await("lines while it runs", func() bool { return len(readLog(t, file)) > 0 })
	old := file + ".1"
	if err := os.Rename(file, old); err != nil {
		t.Fatal(err)
	}
	d.await("lines in a new file", func() bool { return len(readLog(t, file)) > 0 })
	before := len(readLog(t, old))
	d.await("more lines in it", func() bool { return len(readLog(t, file)) > 100 })
	if after := len(readLog(t, old)); after != before {
		t.Errorf("the file that was renamed away grew from %d to %d lines", before, after)
	}
	l.end(t)
	if err := d.end(); err != nil {
		t.Fatal(err)
	}

	all := append(readLog(t, old), readLog(t, file)...)
	calls, hedges := map[uint64]int{}, 0
	for _, a := range all {
		calls[a.Call]++
		if a.Policy != "default/shop" {
			t.Fatalf("an attempt of policy %s", a.Policy)
		}
		if a.Trigger == record.Stagger {
			hedges++
		}
	}
	if len(calls) != l.count() || hedges == 0 {
		t.Errorf("attempts of %d calls, %d of them hedges; there were %d calls", len(calls), hedges, l.count())
	}
}

func TestAttemptLogThatCannotBeOpened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "missing", "attempts.jsonl")
	_, err := daemon.New(t.Context(), daemon.Options{
		Listen: "127.0.0.1:0", HealthListen: "127.0.0.1:0", AdminListen: "127.0.0.1:0", Policies: t.TempDir(), AttemptLog: file,
	})
	if err == nil || !strings.HasPrefix(err.Error(), "attempt log: ") || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v, want one that names %s", err, file)
	}
}

// TestAttemptsStream: the debug port streams attempts, and the end of the
// daemon is the end of the stream, as a whole answer.
func TestAttemptsStream(t *testing.T) {
	d := run(t, daemon.Options{DrainTimeout: patience}, map[string]string{"shop.yaml": shop(replicas(t, 3), enforce)})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/attempts?policy=default/shop", d.AdminAddr()), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(closing(r))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()

	l := d.load(100, &http.Transport{MaxIdleConnsPerHost: 100}, func(int) string { return "/" })
	lines := bufio.NewReader(stream.Body)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	d.await("calls", func() bool { return l.count() > 50 })
	l.end(t)
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatalf("the stream did not end as an answer does: %v", err)
	}
	attempts, err := record.ReadAll(strings.NewReader(first+string(rest)), "stream")
	if err != nil || len(attempts) < l.count() {
		t.Errorf("%d attempts of %d calls, error %v", len(attempts), l.count(), err)
	}
}
