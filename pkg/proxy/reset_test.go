package proxy_test

import (
	"io"
	"net"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"

	"hedged.dev/hedged/pkg/proxy"
	"hedged.dev/hedged/pkg/transport"
)

// mostResets is how many reset streams of a connection a strict server
// tolerates.
const mostResets = 200

// strict is an h2c server that never answers, counts the streams that are reset
// and gives up a connection that resets too many.
type strict struct {
	net.Listener
	resets atomic.Int64 // on all connections
	calmed atomic.Int64 // connections given up with ENHANCE_YOUR_CALM
	under  sync.WaitGroup
	mu     sync.Mutex // guards open
	open   []net.Conn
}

func serveStrict(t testing.TB) *strict {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &strict{Listener: l}
	s.under.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open = append(s.open, c)
			s.mu.Unlock()
			s.under.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for _, c := range s.open {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.under.Wait()
	})
	return s
}

func (s *strict) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
		return
	}
	framer := http2.NewFramer(c, c)
	_ = framer.WriteSettings()
	resets := 0
	for {
		f, err := framer.ReadFrame()
		if err != nil {
			return
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				_ = framer.WritePing(true, f.Data)
			}
		case *http2.RSTStreamFrame:
			s.resets.Add(1)
			if resets++; resets > mostResets {
				s.calmed.Add(1)
				_ = framer.WriteGoAway(f.StreamID, http2.ErrCodeEnhanceYourCalm, nil)
				return
			}
		}
	}
}

// lose makes calls, each of which loses an attempt at the strict server, until
// there is enough of that.
func (f *front) lose(t *testing.T, enough func() bool) {
	t.Helper()
	await(t, "enough lost attempts", func() bool {
		f.volley(t, 80)
		return t.Failed() || enough()
	})
}

func startStrict(t *testing.T, carriers transport.Options) (*front, *strict) {
	t.Helper()
	s := serveStrict(t)
	silent := &replica{Server: &httptest.Server{URL: "http://" + s.Addr().String()}}
	f := beginOver(t, proxy.Options{}, carriers)
	f.publish(t, document("shop", "shop", two+"stagger: {mode: Fixed, fixed: 0s}\nupstream.protocol: H2C", silent, serve(t, says(200, "ok"))))
	return f, s
}

func TestP16HundredsOfLostAttemptsUpsetNoStrictServer(t *testing.T) {
	t.Parallel()
	f, s := startStrict(t, transport.Options{})
	f.lose(t, func() bool { return s.resets.Load() > 2*mostResets+50 })
	if n := s.calmed.Load(); n > 0 {
		t.Errorf("the server gave up %d connections", n)
	}
	if n := f.connections().Rotated; n < 3 {
		t.Errorf("%d changes of connection", n)
	}
	await(t, "the old connections to go", func() bool { return f.connections().Open <= 12 })
}

// Without the precaution the server does give up the connection: the test above
// can fail. The calls survive that, too.
func TestP16WithoutChangingTheConnection(t *testing.T) {
	t.Parallel()
	f, s := startStrict(t, transport.Options{ResetLimit: 1 << 30})
	f.lose(t, func() bool { return s.calmed.Load() > 0 })
}
