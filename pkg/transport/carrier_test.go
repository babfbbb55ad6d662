package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

// patience bounds every wait for an event on a socket.
const patience = 10 * time.Second

func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func carry(t testing.TB, k upstream.Key, o transport.Options) *transport.Carrier {
	t.Helper()
	c := transport.New(k, o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func plain(s *httptest.Server, p upstream.Protocol) upstream.Key {
	return upstream.Key{Address: s.Listener.Addr().String(), Protocol: p}
}

// request is one whose Host is to be name.
func request(ctx context.Context, t testing.TB, c *transport.Carrier, name string) *http.Request {
	t.Helper()
	scheme, host := c.Target(name)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+host+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = name
	return r
}

func get(t testing.TB, c *transport.Carrier, name string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answer, err := c.RoundTrip(request(ctx, t, c, name))
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func TestTheNameNeedNotBeTheAddress(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host+" "+r.Proto) })
	for protocol, want := range map[upstream.Protocol]string{upstream.HTTP1: "shop.example HTTP/1.1", upstream.H2C: "shop.example HTTP/2.0"} {
		c := carry(t, plain(s, protocol), transport.Options{})
		if got, err := get(t, c, "shop.example"); got != want || err != nil {
			t.Errorf("%q %v, want %q", got, err, want)
		}
		if _, err := get(t, c, "other.example"); err != nil {
			t.Error(err)
		}
		if n := c.Stats().Opened; n != 1 {
			t.Errorf("%d connections for two names over %s", n, protocol)
		}
	}
}

func TestTarget(t *testing.T) {
	f := func(p upstream.Protocol, name, want string) {
		t.Helper()
		c := transport.New(upstream.Key{Address: "192.0.2.1:8443", Protocol: p}, transport.Options{})
		if scheme, host := c.Target(name); scheme+"://"+host != want {
			t.Errorf("%s %q: %s://%s, want %s", p, name, scheme, host, want)
		}
	}
	f(upstream.HTTP1, "shop:80", "http://192.0.2.1:8443")
	f(upstream.H2C, "", "http://192.0.2.1:8443")
	f(upstream.HTTPS, "shop", "https://shop")
	f(upstream.H2, "shop:8080", "https://shop")
	f(upstream.HTTPS, "[2001:db8::1]:443", "https://[2001:db8::1]")
	f(upstream.HTTPS, "[2001:db8::1]", "https://[2001:db8::1]")
	f(upstream.HTTPS, "", "https://192.0.2.1:8443") // HTTP/1.0 clients need not say a host
}

// http.Transport tells of a cancelled attempt by its cause, and everybody tests
// for context.Canceled.
func TestP22EveryCauseIsContextCanceled(t *testing.T) {
	for _, protocol := range []upstream.Protocol{upstream.HTTP1, upstream.H2C} {
		for _, cause := range []error{hedge.ErrLost, hedge.ErrTimedOut, hedge.ErrReleased} {
			arrived := make(chan struct{})
			s := serve(t, func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() })
			c := carry(t, plain(s, protocol), transport.Options{})
			ctx, cancel := context.WithCancelCause(t.Context())
			go func() { <-arrived; cancel(cause) }()
			answer, err := c.RoundTrip(request(ctx, t, c, "shop"))
			if err == nil {
				_ = answer.Body.Close()
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s, %v: %v is not context.Canceled", protocol, cause, err)
			}
			if transport.NothingSent(err) {
				t.Errorf("%s, %v: counts as not sent", protocol, cause)
			}
		}
	}
}

func TestP17ChurnIsCounted(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "slow" {
			<-r.Context().Done()
		}
	})
	c := carry(t, plain(s, upstream.HTTP1), transport.Options{})
	const lost = 5
	for range lost {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if answer, err := c.RoundTrip(request(ctx, t, c, "slow")); err == nil {
			_ = answer.Body.Close()
			t.Fatal("there is an answer")
		}
		cancel()
		c.Cancelled()
	}
	if _, err := get(t, c, "fast"); err != nil {
		t.Fatal(err)
	}
	want := transport.Stats{Open: 1, Opened: lost + 1, Cancelled: lost}
	await(t, "the connections to close", func() bool { return c.Stats() == want })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "the last connection to close", func() bool { return c.Stats().Open == 0 })
}

func await(t testing.TB, what string, f func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !f() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // a poll of what a socket does, with a bound
	}
}

func TestMaxHeaderBytes(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 100<<10)) })
	for _, p := range []upstream.Protocol{upstream.HTTP1, upstream.H2C} {
		if _, err := get(t, carry(t, plain(s, p), transport.Options{MaxHeaderBytes: 10 << 10}), "shop"); err == nil {
			t.Errorf("%s: 100 KiB of header came through", p)
		}
		if _, err := get(t, carry(t, plain(s, p), transport.Options{}), "shop"); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestOpener(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	opened := transport.Opener(transport.Options{})(plain(s, upstream.HTTP1))
	c, ok := opened.(*transport.Carrier)
	if !ok || c.Address() != s.Listener.Addr().String() || c.Secure() {
		t.Fatalf("%T %+v", opened, opened)
	}
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
}
