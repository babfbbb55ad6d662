package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"hedged.dev/hedged/pkg/upstream"
)

// Options are the limits of every carrier. The zero value is usable.
type Options struct {
	// MaxIdle is how many idle connections an endpoint keeps; 0: 1024.
	MaxIdle int
	// IdleTimeout closes a connection that was idle for so long; 0: 90 s.
	IdleTimeout time.Duration
	// MaxHeaderBytes bounds a response's header; 0: 1 MiB.
	MaxHeaderBytes int64
	// ResetLimit is how many streams are cancelled on one HTTP/2 connection
	// within ResetWindow before the next streams go to a new one; 0: 100 in
	// 30 s. Strict servers close a connection at 200 in 30 s (P16).
	ResetLimit  int
	ResetWindow time.Duration
	// Own reports whether an address is the daemon's own and not to be connected to,
	// whatever policies and name servers say; nil: none is.
	Own func(netip.AddrPort) bool
}

func (o Options) withDefaults() Options {
	if o.MaxIdle == 0 {
		o.MaxIdle = 1024
	}
	if o.IdleTimeout == 0 {
		o.IdleTimeout = 90 * time.Second
	}
	if o.MaxHeaderBytes == 0 {
		o.MaxHeaderBytes = 1 << 20
	}
	if o.ResetLimit == 0 {
		o.ResetLimit = 100
	}
	if o.ResetWindow == 0 {
		o.ResetWindow = 30 * time.Second
	}
	return o
}

// Carrier carries attempts to one endpoint.
type Carrier struct {
	key     upstream.Key
	options Options
	tls     *tls.Config
	broken  error // the TLS files could not be read; told with every attempt

	current atomic.Pointer[generation]
	mu      sync.Mutex    // guards retired; taken when connections are given up
	retired []*generation // given up, perhaps with connections that were busy then
	rotated atomic.Int64  // generations given up for too many resets
	cancels atomic.Int64  // attempts cancelled
	opened  atomic.Int64  // connections opened
	open    atomic.Int64  // connections open now
}

// Opener returns the function that opens a carrier, for upstream.NewRegistry.
func Opener(o Options) func(upstream.Key) io.Closer {
	return func(k upstream.Key) io.Closer { return New(k, o) }
}

// New returns the carrier of an endpoint. A TLS file that cannot be read is
// told by every RoundTrip, since an endpoint exists before it is used.
func New(k upstream.Key, o Options) *Carrier {
	c := &Carrier{key: k, options: o.withDefaults()}
	if k.Protocol == upstream.HTTPS || k.Protocol == upstream.H2 {
		var err error
		if c.tls, err = clientTLS(k.TLS); err != nil {
			c.broken = fmt.Errorf("%w: %w", ErrConnect, err)
		}
	}
	c.current.Store(c.generation())
	return c
}

// Close gives up the idle connections. Attempts under way finish on theirs.
func (c *Carrier) Close() error {
	c.retire(c.current.Load())
	return nil
}

// Secure reports whether the endpoint is reached over TLS.
func (c *Carrier) Secure() bool { return c.tls != nil || c.broken != nil }

// Address is where the carrier connects to, as host:port.
func (c *Carrier) Address() string { return c.key.Address }

// RoundTrip sends one attempt, once unless its Context says otherwise. The
// request's URL host must come from Target; the request is the carrier's to
// change.
func (c *Carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.broken != nil {
		return nil, c.broken
	}
	g := c.current.Load()
	if c, ok := r.Context().(*Context); !g.multiplexed && !(ok && c.Resend) {
		sendOnce(r)
	}
	return g.transport.RoundTrip(r)
}

// Target returns the scheme and URL host for a request whose Host is to be
// name. Over plain text every name shares the endpoint's connections; over TLS
// a name has its own, since it is also the SNI.
func (c *Carrier) Target(name string) (scheme, host string) {
	if !c.Secure() {
		return "http", c.key.Address
	}
	switch host, _, err := net.SplitHostPort(name); {
	case name == "": // an HTTP/1.0 client need not name one
		name = c.key.Address
	case err == nil && strings.Contains(host, ":"):
		name = "[" + host + "]"
	case err == nil:
		name = host
	}
	return "https", name
}

// Cancelled counts an attempt that was cancelled before its answer was whole.
// Over HTTP/1.1 that has closed its connection (P17); over HTTP/2 it has reset
// a stream, and after too many the next streams go to a new connection (P16).
func (c *Carrier) Cancelled() {
	c.cancels.Add(1)
	g := c.current.Load()
	if !g.multiplexed || !g.reset(c.options) {
		return
	}
	if c.current.CompareAndSwap(g, c.generation()) {
		c.rotated.Add(1)
		c.retire(g)
	}
}

// settled is how long after a generation was given up attempts may still have
// been opening connections of it.
const settled = time.Minute

// retire gives up what is idle of a generation, and of those that were given up
// before: connections that were busy then may have fallen idle.
func (c *Carrier) retire(g *generation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g.retired = time.Now()
	c.retired = append(c.retired, g)
	c.retired = slices.DeleteFunc(c.retired, func(g *generation) bool {
		g.transport.CloseIdleConnections()
		return g.open.Load() == 0 && time.Since(g.retired) > settled
	})
}

// Stats is what a carrier has done so far.
type Stats struct {
	Open      int64 `json:"open"`      // connections open now
	Opened    int64 `json:"opened"`    // connections opened
	Cancelled int64 `json:"cancelled"` // attempts cancelled; over HTTP/1.1 each closed its connection
	Rotated   int64 `json:"rotated"`   // HTTP/2 connections given up for too many resets
}

// Stats returns the counters.
func (c *Carrier) Stats() Stats {
	return Stats{Open: c.open.Load(), Opened: c.opened.Load(), Cancelled: c.cancels.Load(), Rotated: c.rotated.Load()}
}

// ErrConnect is wrapped by every error of an attempt that never got a
// connection: nothing was sent.
var ErrConnect = errors.New("connect")

// ErrOwn is wrapped when the address is one of the daemon's own (Options.Own).
var ErrOwn = errors.New("this is hedged's own debug port, and no upstream")
