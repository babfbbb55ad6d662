package proxy_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/proxy"
)

// always lets calls with a body be hedged.
const always = "idempotency: Always\n"

func TestP6EveryAttemptGetsTheWholeBody(t *testing.T) {
	t.Parallel()
	body := pattern(40 << 10)
	for _, protocol := range []string{"HTTP1", "H2C"} {
		for _, chunked := range []bool{false, true} {
			t.Run(protocol+map[bool]string{true: " chunked"}[chunked], func(t *testing.T) {
				t.Parallel()
				var seen gather[string]
				all := newGate()
				f := start(t, always+"stagger: {mode: Fixed, fixed: 0s}\nupstream.protocol: "+protocol,
					some(t, 3, func(w http.ResponseWriter, r *http.Request) {
						got, err := io.ReadAll(r.Body)
						if err != nil {
							return
						}
						seen.add(string(got))
						if len(seen.list()) == 3 {
							all.open()
						}
						all.wait()
						_, _ = io.WriteString(w, "ok")
					})...)
				var reader io.Reader = strings.NewReader(body)
				if chunked {
					reader = io.MultiReader(reader) // of unknown length
				}
				if got := f.call(t, http.MethodPost, "/", reader); got.body != "ok" {
					t.Fatalf("%s %q", got.Status, got.body)
				}
				for i, got := range seen.list() {
					if got != body {
						t.Errorf("body %d: %d bytes, %d expected", i, len(got), len(body))
					}
				}
			})
		}
	}
}

func TestP6ABodyStreamsWhileItIsRecorded(t *testing.T) {
	t.Parallel()
	var first, second gate
	first.c, second.c = make(chan struct{}), make(chan struct{})
	f := start(t, always+"fanOut: {max: 2, adaptive: false}", some(t, 2, byAttempt(
		func(_ http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadFull(r.Body, make([]byte, 5)); err == nil {
				first.open()
			}
			hangs(nil, r)
		},
		func(w http.ResponseWriter, r *http.Request) {
			head := make([]byte, 5)
			if _, err := io.ReadFull(r.Body, head); err == nil {
				second.open()
			}
			rest, _ := io.ReadAll(r.Body)
			_, _ = w.Write(slices.Concat(head, rest))
		},
	))...)
	upload, client := io.Pipe()
	go func() {
		defer func() { _ = client.Close() }()
		_, _ = io.WriteString(client, "hello")
		first.wait()  // the first attempt has what was sent so far
		second.wait() // the second one as well, before there is more
		_, _ = io.WriteString(client, ", world")
	}()
	if got := f.call(t, http.MethodPost, "/", upload); got.body != "hello, world" {
		t.Fatalf("%s %q", got.Status, got.body)
	}
	if d := cmp.Diff([]string{"lost", "won"}, f.attempts(t, 1)); d != "" {
		t.Error(d)
	}
}

func TestP6ABodyBeyondTheReplayLimitGoesOnce(t *testing.T) {
	t.Parallel()
	body := pattern(200 << 10)
	announced := func() io.Reader { return strings.NewReader(body) }
	chunked := func() io.Reader { return io.MultiReader(strings.NewReader(body)) }
	// The first answer comes late, or as a failure: either way another attempt is due.
	late := lingers(100*time.Millisecond, echoes)
	bad := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	f := func(name, extra string, reader func() io.Reader, h http.HandlerFunc, status int, want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replicas := some(t, 3, h)
			f := start(t, always+extra, replicas...)
			got := f.call(t, http.MethodPost, "/", reader())
			if got.StatusCode != status || status == http.StatusOK && got.body != body {
				t.Fatalf("%s, %d bytes", got.Status, len(got.body))
			}
			if n := served(replicas); n != 1 {
				t.Errorf("%d attempts", n)
			}
			if s := f.suppressed(t); !strings.Contains(s, want) {
				t.Errorf("suppressed: %s", s)
			}
		})
	}
	const whenever = "stagger: {mode: Fixed, fixed: 2s}\n" // the upload is over by then
	f("announced", "", announced, late, http.StatusOK, "")
	f("announced, over H2C", "upstream.protocol: H2C", announced, late, http.StatusOK, "")
	f("chunked", whenever, chunked, echoes, http.StatusOK, "")
	f("chunked, over H2C", whenever+"upstream.protocol: H2C", chunked, echoes, http.StatusOK, "")
	f("announced, failed", whenever, announced, bad, http.StatusServiceUnavailable, "2:failure:body_too_large")
	f("chunked, failed", whenever, chunked, bad, http.StatusServiceUnavailable, "2:failure:body_too_large")
	f("a small limit", whenever+"replayLimit: 16Ki", announced, bad, http.StatusServiceUnavailable, "2:failure:body_too_large")
}

func TestP6ABodyWithinTheReplayLimitIsSentAgain(t *testing.T) {
	t.Parallel()
	body := pattern(200 << 10)
	f := start(t, always+"replayLimit: 200Ki", some(t, 2, byAttempt(resets, echoes))...)
	if got := f.call(t, http.MethodPost, "/", io.MultiReader(strings.NewReader(body))); got.body != body {
		t.Fatalf("%s, %d bytes", got.Status, len(got.body))
	}
}

// The hedge has begun when the body passes the limit. One of the two attempts
// goes on alone; that the other one cannot is no fault of its endpoint.
func TestP6TheLimitIsPassedWithTwoAttemptsUnderWay(t *testing.T) {
	t.Parallel()
	body := pattern(100 << 10)
	second := newGate()
	f := start(t, always+"fanOut: {max: 2, adaptive: false}\nreplayLimit: 1Ki", some(t, 2, func(w http.ResponseWriter, r *http.Request) {
		head := make([]byte, 10)
		_, _ = io.ReadFull(r.Body, head)
		if number(r) == 2 {
			second.open()
		}
		rest, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(slices.Concat(head, rest))
	})...)
	upload, client := io.Pipe()
	go func() {
		defer func() { _ = client.Close() }()
		_, _ = io.WriteString(client, body[:10])
		second.wait()
		_, _ = io.WriteString(client, body[10:])
	}()
	if got := f.call(t, http.MethodPost, "/", upload); got.body != body {
		t.Fatalf("%s, %d bytes of %d", got.Status, len(got.body), len(body))
	}
	for _, e := range f.upstream().Endpoints {
		if e.Bad != 0 || e.Breaker.Failures != 0 {
			t.Errorf("%+v", e)
		}
	}
}

func TestMaxBodyBytes(t *testing.T) {
	t.Parallel()
	f := begin(t, proxy.Options{MaxBodyBytes: 1000})
	f.publish(t, document("shop", "shop", always, some(t, 3, echoes)...))
	for _, reader := range []io.Reader{strings.NewReader(pattern(1001)), io.MultiReader(strings.NewReader(pattern(1001)))} {
		got := f.call(t, http.MethodPost, "/", reader)
		if got.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(got.body, "request_too_large") || !strings.Contains(got.body, "1000 bytes") {
			t.Errorf("%s %s", got.Status, got.body)
		}
	}
	if got := f.call(t, http.MethodPost, "/", strings.NewReader(pattern(1000))); got.body != pattern(1000) {
		t.Errorf("%s %q", got.Status, got.body)
	}
}
