package proxy_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// two is a fan-out at which the second attempt is the last.
const two = "fanOut: {max: 2, adaptive: false}\n"

// shortens says that the body is longer than it is.
func shortens(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, "the beginning")
	flush(w)
	panic(http.ErrAbortHandler)
}

// breaksOff ends a body of unknown length in the middle.
func breaksOff(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "the beginning")
	flush(w)
	panic(http.ErrAbortHandler)
}

func TestP19HeadersFlushedEarlyAndThenSilence(t *testing.T) {
	t.Parallel()
	flushes := func(w http.ResponseWriter, r *http.Request) { flush(w); hangs(w, r) }
	f := start(t, two+"commit: FirstByte", some(t, 2, byAttempt(flushes, says(http.StatusOK, "second")))...)
	if got := f.get(t, "/"); got.body != "second" {
		t.Errorf("commit FirstByte: %q", got.body)
	}
	if d := cmp.Diff([]string{"lost", "won"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}

	late := func(w http.ResponseWriter, r *http.Request) {
		flush(w)
		lingers(500*time.Millisecond, says(http.StatusOK, "first"))(w, r)
	}
	f = start(t, two+"commit: Headers\nstagger: {mode: Fixed, fixed: 250ms}", some(t, 2, byAttempt(late, says(http.StatusOK, "second")))...)
	if got := f.get(t, "/"); got.body != "first" {
		t.Errorf("commit Headers: %q", got.body)
	}
	if d := cmp.Diff([]string{"won"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}
}

func TestCommitBodyAnAnswerCutOffIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"HTTP1", "H2C"} {
		for name, cut := range map[string]http.HandlerFunc{"length": shortens, "chunks": breaksOff} {
			t.Run(protocol+" "+name, func(t *testing.T) {
				t.Parallel()
				f := start(t, two+unhurried+"commit: Body\nupstream.protocol: "+protocol, some(t, 2, byAttempt(cut, says(http.StatusOK, "whole")))...)
				if got := f.get(t, "/"); got.StatusCode != http.StatusOK || got.body != "whole" || got.err != nil {
					t.Fatalf("%s %q %v", got.Status, got.body, got.err)
				}
				if d := cmp.Diff([]string{"failed", "won"}, f.attempts(t, 1)); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

func TestCommitBodyWithoutAWholeAnswer(t *testing.T) {
	t.Parallel()
	f := start(t, two+"commit: Body", some(t, 2, shortens)...)
	got := f.get(t, "/")
	if got.StatusCode != http.StatusBadGateway || !strings.Contains(got.body, "cut off") {
		t.Fatalf("%s %s", got.Status, got.body)
	}
	if s := got.Header.Get("Proxy-Status"); !strings.Contains(s, "error=http_response_incomplete") {
		t.Error(s)
	}
}

func TestACutAfterCommitIsNeverASilentTruncation(t *testing.T) {
	t.Parallel()
	for _, commit := range []string{"Headers", "FirstByte", "Body\nbufferLimit: 5"} {
		for name, cut := range map[string]http.HandlerFunc{"length": shortens, "chunks": breaksOff} {
			for client, set := range map[string]func(*http.Protocols, bool){"HTTP/1.1": (*http.Protocols).SetHTTP1, "h2c": (*http.Protocols).SetUnencryptedHTTP2} {
				t.Run(strings.Fields(commit)[0]+" "+name+" "+client, func(t *testing.T) {
					t.Parallel()
					f := start(t, "commit: "+commit, serve(t, cut))
					f.client = speaker(t, set)
					got, err := f.try(t, http.MethodGet, "/", nil)
					if err == nil && got.err == nil {
						t.Fatalf("%s %q", got.Status, got.body)
					}
				})
			}
		}
	}
}

func TestCommitBodyBeyondBufferLimitStreams(t *testing.T) {
	t.Parallel()
	head, rest := pattern(2<<10), pattern(300<<10)
	read := newGate()
	f := start(t, "commit: Body\nbufferLimit: 1Ki", serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, head)
		flush(w)
		if read.wait() {
			_, _ = io.WriteString(w, rest)
		}
	}))
	answer := f.open(t, "/")
	got := make([]byte, len(head))
	if _, err := io.ReadFull(answer.Body, got); err != nil || string(got) != head {
		t.Fatal(err)
	}
	read.open()
	if got, err := io.ReadAll(answer.Body); err != nil || string(got) != rest {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
}

// The policy's deadline is over at commit.
func TestDeadlineEndsAtCommit(t *testing.T) {
	t.Parallel()
	f := start(t, "deadline: 200ms", serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "early ")
		flush(w)
		lingers(400*time.Millisecond, says(http.StatusOK, "late"))(w, r)
	}))
	if got := f.get(t, "/"); got.body != "early late" || got.err != nil {
		t.Fatalf("%q %v", got.body, got.err)
	}
}

func TestStreamIdleTimeout(t *testing.T) {
	t.Parallel()
	for _, beginning := range []string{"", "the beginning"} {
		over := newGate()
		f := start(t, "streamIdleTimeout: 100ms", serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, beginning)
			flush(w)
			hangs(w, r)
			over.open()
		}))
		if got := f.get(t, "/"); got.err == nil || got.took > patience/2 {
			t.Errorf("after %q: %q %v in %s", beginning, got.body, got.err, got.took)
		}
		over.must(t, "the upstream to be told")
	}

	// A stream may take longer than its longest silence.
	f := start(t, "streamIdleTimeout: 500ms", serve(t, func(w http.ResponseWriter, r *http.Request) {
		for range 8 {
			lingers(100*time.Millisecond, says(http.StatusOK, "x"))(w, r)
			flush(w)
		}
	}))
	if got := f.get(t, "/"); got.err != nil || got.body != "xxxxxxxx" {
		t.Errorf("%q %v", got.body, got.err)
	}
}

func TestEventsArriveOneByOne(t *testing.T) {
	t.Parallel()
	for _, commit := range []string{"Headers", "FirstByte"} {
		t.Run(commit, func(t *testing.T) {
			next := make(chan struct{})
			f := start(t, unhurried+"commit: "+commit, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				for i := range 3 {
					_, _ = io.WriteString(w, "data: "+strconv.Itoa(i)+"\n")
					flush(w)
					select {
					case <-next:
					case <-time.After(patience):
					}
				}
			}))
			lines := bufio.NewReader(f.open(t, "/").Body)
			for i := range 3 {
				line, err := lines.ReadString('\n')
				if want := "data: " + strconv.Itoa(i) + "\n"; line != want || err != nil {
					t.Fatalf("%q %v, want %q", line, err, want)
				}
				next <- struct{}{}
			}
			if _, err := lines.ReadByte(); !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		})
	}
}

// With commit Headers the client sees the header before there is a body.
func TestHeadersArriveBeforeTheBody(t *testing.T) {
	t.Parallel()
	seen := newGate()
	f := start(t, "", serve(t, func(w http.ResponseWriter, _ *http.Request) {
		flush(w)
		if seen.wait() {
			_, _ = io.WriteString(w, "body")
		}
	}))
	answer := f.open(t, "/")
	seen.open()
	if got, err := io.ReadAll(answer.Body); string(got) != "body" || err != nil {
		t.Fatalf("%q %v", got, err)
	}
}
