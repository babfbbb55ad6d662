package proxy_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExpectContinue(t *testing.T) {
	t.Parallel()
	// The server sends 100 Continue when its handler asks for the body.
	f := start(t, always, some(t, 3, byAttempt(hangs, echoes))...)
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	answers := bufio.NewReader(c)
	line, err := answers.ReadString('\n')
	if !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		t.Fatalf("%q %v", line, err)
	}
	_, _ = io.WriteString(c, "hello")
	if _, err = answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(got.Body)
	if string(text) != "hello" {
		t.Errorf("%s %q", got.Status, text)
	}
}

func TestExpectContinueIsRefusedByTheUpstream(t *testing.T) {
	t.Parallel()
	f := start(t, "", serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusExpectationFailed)
	}))
	got := raw(t, f.Listener.Addr().String(),
		"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 500000\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 417 ") {
		t.Fatalf("%q", got)
	}
}

// An upstream may answer before it has the whole body, and the client may wait
// for that answer before it goes on.
func TestAnAnswerBeforeTheBodyIsThere(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"HTTP1", "H2C"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			f := start(t, "upstream.protocol: "+protocol, serve(t, says(http.StatusForbidden, "no need")))
			upload, client := io.Pipe()
			answered := newGate()
			go func() {
				defer func() { _ = client.Close() }()
				_, _ = io.WriteString(client, "hello")
				answered.wait()
			}()
			got := f.call(t, http.MethodPost, "/", upload)
			answered.open()
			if got.StatusCode != http.StatusForbidden || got.body != "no need" {
				t.Fatalf("%s %q %v", got.Status, got.body, got.err)
			}
		})
	}
}

func TestAnUploadThatBreaksOff(t *testing.T) {
	t.Parallel()
	f := start(t, always, some(t, 3, echoes)...)
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n")
	got, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(got.Body)
	if got.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "request_incomplete") {
		t.Errorf("%s %s", got.Status, text)
	}
	// It was the client's fault: no endpoint is the worse for it.
	for _, e := range f.upstream().Endpoints {
		if e.Bad != 0 || e.Breaker.Failures != 0 {
			t.Errorf("%+v", e)
		}
	}
}

// A hedge that wins while the upload still goes on is answered with at once.
func TestASlowUploadThatAHedgeWonBefore(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"HTTP1", "H2C"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			f := start(t, always+"upstream.protocol: "+protocol, some(t, 3, byAttempt(hangs, says(http.StatusOK, "enough")))...)
			upload, client := io.Pipe()
			answered := newGate()
			go func() {
				defer func() { _ = client.Close() }()
				_, _ = io.WriteString(client, "hello")
				answered.wait()
			}()
			got := f.call(t, http.MethodPost, "/", upload)
			answered.open()
			if got.body != "enough" || got.err != nil {
				t.Fatalf("%q %v", got.body, got.err)
			}
		})
	}
}

// What comes of a body after its call was answered is not the next request.
func TestTheRestOfABodyIsNotARequest(t *testing.T) {
	t.Parallel()
	var paths gather[string]
	f := start(t, "", serve(t, func(w http.ResponseWriter, r *http.Request) {
		paths.add(r.URL.Path)
		says(http.StatusForbidden, "no need")(w, r)
	}))
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", f.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, "POST /first HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\nhello")
	answers := bufio.NewReader(c)
	got, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, got.Body)
	if !got.Close {
		t.Error("the connection goes on")
	}
	for range 3 {
		if _, err := io.WriteString(c, "GET /second HTTP/1.1\r\nHost: shop\r\n\r\n"); err != nil {
			break
		}
	}
	if rest, err := io.ReadAll(answers); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the answer: %q %v", rest, err)
	}
	if d := cmp.Diff([]string{"/first"}, paths.list()); d != "" {
		t.Error(d)
	}
}

// Client and upstream talk in turns on one call.
func TestBodiesBothWaysAtOnce(t *testing.T) {
	t.Parallel()
	for client, set := range speakers() {
		for _, protocol := range []string{"HTTP1", "H2C"} {
			t.Run(client+" to "+protocol, func(t *testing.T) {
				f := start(t, "upstream.protocol: "+protocol, serve(t, func(w http.ResponseWriter, r *http.Request) {
					flush(w)
					b := make([]byte, 1)
					for {
						if _, err := r.Body.Read(b); err != nil {
							return
						}
						_, _ = w.Write(b)
						flush(w)
					}
				}))
				f.client = speaker(t, set)
				upload, say := io.Pipe()
				answer := f.send(t, http.MethodPost, "/", upload)
				for _, word := range []string{"a", "b", "c"} {
					_, _ = io.WriteString(say, word)
					got := make([]byte, 1)
					if _, err := io.ReadFull(answer.Body, got); err != nil || string(got) != word {
						t.Fatalf("%q %v, want %q", got, err, word)
					}
				}
				_ = say.Close()
				if got, err := io.ReadAll(answer.Body); err != nil || len(got) > 0 {
					t.Errorf("%q %v", got, err)
				}
			})
		}
	}
}
