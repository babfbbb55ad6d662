package admin_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/admin"
	"hedged.dev/hedged/pkg/record"
)

// listen opens the stream; what it returns ends it from the client's side.
func listen(t *testing.T, url string) (stream *http.Response, leave func()) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	t.Cleanup(leave)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultTransport.(*http.Transport).Clone().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d", answer.StatusCode)
	}
	return answer, leave
}

func attempt(policy string, call uint64) record.Attempt {
	return record.Attempt{
		Time: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), Policy: policy, Call: call, Attempt: 1,
		Trigger: record.Initial, Endpoint: "10.0.0.1:80", End: record.Won, Status: 200, ElapsedMS: 3,
	}
}

// TestAttempts: a line leaves while the stream goes on, of the policy that was
// asked for, and closing the log ends the stream as a whole answer.
func TestAttempts(t *testing.T) {
	var log record.Log
	s := httptest.NewServer(admin.Debug(admin.DebugOptions{Attempts: &log}))
	defer s.Close()

	everything, _ := listen(t, s.URL+"/attempts")
	one, _ := listen(t, s.URL+"/attempts?policy=default/b")
	log.Add(attempt("default/a", 1))
	log.Add(attempt("default/b", 2))
	line, err := bufio.NewReader(everything.Body).ReadString('\n') // and the log is still open
	if err != nil || !strings.Contains(line, `"policy":"default/a"`) {
		t.Errorf("the first line: %q, %v", line, err)
	}
	log.Close()
	got, err := record.ReadAll(one.Body, "stream")
	if err != nil || len(got) != 1 || got[0] != attempt("default/b", 2) {
		t.Errorf("of one policy: %+v, %v", got, err)
	}
	if _, err := io.ReadAll(everything.Body); err != nil {
		t.Errorf("the stream did not end as an answer does: %v", err)
	}
}

// TestAttemptsEndWithTheirReader: nobody listens when the client has left.
func TestAttemptsEndWithTheirReader(t *testing.T) {
	var log record.Log
	s := httptest.NewServer(admin.Debug(admin.DebugOptions{Attempts: &log}))
	defer s.Close()
	_, leave := listen(t, s.URL+"/attempts")
	if !log.Active() {
		t.Fatal("nobody listens although the stream has begun")
	}
	leave()
	for begun := time.Now(); log.Active(); {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the stream goes on without a reader")
		}
	}
}
