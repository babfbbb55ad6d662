package transport

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"hedged.dev/hedged/pkg/upstream"
)

// generation is one set of an endpoint's connections.
type generation struct {
	carrier     *Carrier
	transport   *http.Transport
	multiplexed bool
	open        atomic.Int64 // connections open now
	retired     time.Time    // when it was given up; guarded by Carrier.mu
	resets      atomic.Int64
	since       atomic.Int64 // start of the window in Unix nanoseconds
}

// reset counts a cancelled stream and reports whether that is one too many.
func (g *generation) reset(o Options) bool {
	now := time.Now().UnixNano()
	if since := g.since.Load(); now-since > int64(o.ResetWindow) && g.since.CompareAndSwap(since, now) {
		g.resets.Store(0)
	}
	return g.resets.Add(1) >= int64(o.ResetLimit)
}

// generation makes an empty set of connections.
func (c *Carrier) generation() *generation {
	protocols := new(http.Protocols)
	switch c.key.Protocol {
	case upstream.H2C:
		protocols.SetUnencryptedHTTP2(true)
	case upstream.H2:
		protocols.SetHTTP1(true) // ALPN decides
		protocols.SetHTTP2(true)
	default:
		protocols.SetHTTP1(true)
	}
	g := &generation{
		carrier:     c,
		multiplexed: c.key.Protocol == upstream.H2C || c.key.Protocol == upstream.H2,
	}
	g.transport = &http.Transport{
		DialContext:            g.dial,
		TLSClientConfig:        c.tls.Clone(), // net/http writes the protocols into it
		TLSHandshakeTimeout:    10 * time.Second,
		DisableCompression:     true, // bodies pass through as they are
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    c.options.MaxIdle,
		IdleConnTimeout:        c.options.IdleTimeout,
		MaxResponseHeaderBytes: c.options.MaxHeaderBytes,
		ExpectContinueTimeout:  time.Second,
		Protocols:              protocols,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second},
	}
	g.since.Store(time.Now().UnixNano())
	return g
}

// Context is the context of an attempt together with how long connecting may
// take. The timeout goes with the attempt since policies that share an
// endpoint may differ in it.
type Context struct {
	context.Context
	ConnectTimeout time.Duration // 0: only the attempt bounds it
	// Resend lets net/http send the request once more by itself, as any plain
	// proxy does, when a connection that was used before breaks: see sendOnce.
	Resend bool
}

// timeoutKey is the key under which dial finds the timeout: net/http dials
// under a context of its own that keeps no more than the values.
type timeoutKey struct{}

// Value implements context.Context.
func (c *Context) Value(key any) any {
	if _, ok := key.(timeoutKey); ok {
		return c.ConnectTimeout
	}
	return c.Context.Value(key)
}

// dial connects to the endpoint, whatever address the request names.
func (g *generation) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	timeout, _ := ctx.Value(timeoutKey{}).(time.Duration)
	d := net.Dialer{Timeout: timeout}
	if g.carrier.options.Own != nil {
		d.Control = g.spare
	}
	conn, err := d.DialContext(ctx, network, g.carrier.key.Address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConnect, err)
	}
	g.carrier.opened.Add(1)
	g.count(1)
	return &counted{Conn: conn, generation: g}, nil
}

// spare refuses to connect to the daemon itself. It sees the address that a name
// came to.
func (g *generation) spare(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err == nil && g.carrier.options.Own(netip.AddrPortFrom(to.Addr().Unmap(), to.Port())) {
		return ErrOwn
	}
	return err
}

func (g *generation) count(connections int64) {
	g.open.Add(connections)
	g.carrier.open.Add(connections)
}

// counted counts a connection as open until it is closed.
type counted struct {
	net.Conn
	generation *generation
	closed     atomic.Bool
}

func (c *counted) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.generation.count(-1)
	}
	return c.Conn.Close()
}
