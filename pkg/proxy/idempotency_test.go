package proxy_test

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// unsafe are the methods of which a second copy may do harm.
func unsafe() []string {
	return []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
}

func TestP14WritesAreSentOnce(t *testing.T) {
	t.Parallel()
	f := func(name, extra string, h http.HandlerFunc, status int, suppressed string) {
		for _, method := range unsafe() {
			t.Run(name+" "+method, func(t *testing.T) {
				t.Parallel()
				replicas := some(t, 3, h)
				f := start(t, extra, replicas...)
				got := f.call(t, method, "/", strings.NewReader("x"))
				if got.StatusCode != status {
					t.Errorf("%s %s", got.Status, got.body)
				}
				if n := served(replicas); n > 1 {
					t.Errorf("sent %d times", n)
				}
				if s := f.suppressed(t); !strings.Contains(s, suppressed) {
					t.Errorf("suppressed: %s", s)
				}
			})
		}
	}
	f("unanswered", "deadline: 150ms", hangs, http.StatusGatewayTimeout, "2:stagger:not_idempotent")
	f("503", unhurried, says(http.StatusServiceUnavailable, ""), http.StatusServiceUnavailable, "2:failure:not_idempotent")
	f("reset", unhurried, resets, http.StatusBadGateway, "2:failure:not_idempotent")
	f("attempt timeout", "attemptTimeout: 50ms\nstagger: {mode: Fixed, fixed: 2s}", hangs, http.StatusBadGateway, "2:failure:not_idempotent")
}

func TestP14IdempotencyModes(t *testing.T) {
	t.Parallel()
	key := set("Idempotency-Key", "7")
	f := func(name, extra, method string, attempts int, edit ...func(*http.Request)) {
		t.Run(name+" "+method, func(t *testing.T) {
			t.Parallel()
			replicas := some(t, 3, says(http.StatusServiceUnavailable, ""))
			f := start(t, extra, replicas...)
			f.call(t, method, "/", nil, edit...)
			if n := served(replicas); n != int64(attempts) {
				t.Errorf("%d attempts, want %d", n, attempts)
			}
		})
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		f("SafeMethods", "", method, 3)
	}
	for _, method := range unsafe() {
		f("SafeMethods with a key", "", method, 1, key)
		f("IdempotencyKey without it", "idempotency: IdempotencyKey", method, 1)
		f("IdempotencyKey", "idempotency: IdempotencyKey", method, 3, key)
		f("Always", "idempotency: Always", method, 3)
	}
}

// nobody is an address that refuses connections.
func nobody(t *testing.T) *replica {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	r := newReplica(nil)
	_ = r.Listener.Close()
	r.URL = "http://" + l.Addr().String()
	return r
}

func TestP14AWriteIsSentAgainWhenNothingWasSent(t *testing.T) {
	t.Parallel()
	good := serve(t, echoes)
	f := start(t, "", nobody(t), good)
	const calls = 30
	for range calls {
		if got := f.call(t, http.MethodPost, "/", strings.NewReader("x")); got.StatusCode != http.StatusOK || got.body != "x" {
			t.Fatalf("%s %s", got.Status, got.body)
		}
	}
	if n := good.served.Load(); n != calls {
		t.Errorf("arrived %d times", n)
	}
	if a := f.attempts(t, calls); !slices.Equal(a, []string{"failed", "won"}) && !slices.Equal(a, []string{"won", "won"}) {
		t.Errorf("no call began at the endpoint that refuses: %v", a)
	}
}

// The first attempt could not connect and the second one may have been sent:
// there is no third one.
func TestP14AWriteIsNotSentAgainOnceSent(t *testing.T) {
	t.Parallel()
	bad := serve(t, resets)
	f := start(t, "fanOut: {max: 8, adaptive: false}", nobody(t), bad)
	for range 10 {
		before := bad.served.Load()
		got := f.call(t, http.MethodPost, "/", io.MultiReader(strings.NewReader("x")))
		if got.StatusCode != http.StatusBadGateway {
			t.Fatalf("%s %s", got.Status, got.body)
		}
		if n := bad.served.Load() - before; n > 1 {
			t.Fatalf("sent %d times", n)
		}
	}
}
