package transport_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

func TestARequestIsSentOnce(t *testing.T) {
	t.Run("or again, as a plain proxy does", func(t *testing.T) {
		var arrived atomic.Int64
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if arrived.Add(1) == 2 {
				if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
					_ = c.Close()
				}
			}
		}))
		defer s.Close()
		c := transport.New(upstream.Key{Address: s.Listener.Addr().String(), Protocol: upstream.HTTP1}, transport.Options{})
		defer func() { _ = c.Close() }()
		for range 2 {
			r, err := http.NewRequestWithContext(&transport.Context{Context: t.Context(), Resend: true}, http.MethodGet, s.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := c.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		}
		if n := arrived.Load(); n != 3 {
			t.Errorf("%d requests arrived, want 3: the second was sent again", n)
		}
	})
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		t.Run(method, func(t *testing.T) {
			var arrived atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if n := arrived.Add(1); n == 1 {
					return // so that the connection is one that was used before
				}
				if r.ContentLength > 0 || len(r.TransferEncoding) > 0 {
					t.Errorf("framed as %d %v", r.ContentLength, r.TransferEncoding)
				}
				c, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_ = c.Close()
			}))
			defer s.Close()
			c := transport.New(upstream.Key{Address: s.Listener.Addr().String(), Protocol: upstream.HTTP1}, transport.Options{})
			defer func() { _ = c.Close() }()
			send := func() error {
				r, err := http.NewRequestWithContext(t.Context(), method, s.URL, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Idempotency-Key", "k") // net/http takes that for replayable, too
				answer, err := c.RoundTrip(r)
				if err != nil {
					return err
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				return answer.Body.Close()
			}
			if err := send(); err != nil {
				t.Fatal(err)
			}
			if err := send(); err == nil {
				t.Error("a connection that broke gave no error")
			}
			if n := arrived.Load(); n != 2 {
				t.Errorf("%d requests arrived for 2 that were sent", n)
			}
		})
	}
}
