package proxy_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// replica is one endpoint on a real socket.
type replica struct {
	*httptest.Server
	served atomic.Int64 // requests that arrived
	live   atomic.Int64 // requests in its handler now
}

// serve starts a replica that speaks HTTP/1.1 and h2c.
func serve(t testing.TB, h http.HandlerFunc) *replica {
	t.Helper()
	r := newReplica(h)
	r.Config.Protocols = new(http.Protocols)
	r.Config.Protocols.SetHTTP1(true)
	r.Config.Protocols.SetUnencryptedHTTP2(true)
	r.Start()
	t.Cleanup(r.stop)
	return r
}

func newReplica(h http.HandlerFunc) *replica {
	r := &replica{}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.served.Add(1)
		r.live.Add(1)
		defer r.live.Add(-1)
		_ = http.NewResponseController(w).EnableFullDuplex() // it may answer before it has the body
		h(w, req)
	}))
	r.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	return r
}

// stop ends the replica with whatever it is doing.
func (r *replica) stop() {
	r.CloseClientConnections()
	r.Close()
}

// some starts replicas that all do the same.
func some(t testing.TB, n int, h http.HandlerFunc) []*replica {
	t.Helper()
	var all []*replica
	for range n {
		all = append(all, serve(t, h))
	}
	return all
}

// served is how many requests arrived at all of them.
func served(replicas []*replica) (n int64) {
	for _, r := range replicas {
		n += r.served.Load()
	}
	return n
}

// says answers with a status and a text.
func says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// hangs waits until the attempt is given up. It takes the request's body
// first: a server does not notice an end that is behind it.
func hangs(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// resets breaks the connection off without an answer.
func resets(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // over HTTP/2 this resets the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// echoes answers with the request's body.
func echoes(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

// lingers takes that long before h, unless the attempt is given up.
func lingers(d time.Duration, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
			h(w, r)
		case <-r.Context().Done():
		}
	}
}

// number is the attempt that a request says it is.
func number(r *http.Request) int {
	n, _ := strconv.Atoi(r.Header.Get("Hedged-Attempt"))
	return n
}

// byAttempt has attempt n served by the n-th handler, and by the last one from
// there on.
func byAttempt(hs ...http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { hs[min(max(number(r), 1), len(hs))-1](w, r) }
}

// flush sends what was written so far.
func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

// pattern is n bytes of which no stretch is like another one.
func pattern(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = 'a' + byte(x>>24)%26
	}
	return string(b)
}

// gate is opened once and can be waited for.
type gate struct {
	once sync.Once
	c    chan struct{}
}

func newGate() *gate { return &gate{c: make(chan struct{})} }

func (g *gate) open() { g.once.Do(func() { close(g.c) }) }

// wait reports whether the gate was opened in time.
func (g *gate) wait() bool {
	select {
	case <-g.c:
		return true
	case <-time.After(patience):
		return false
	}
}

// must is wait for the test's own goroutine.
func (g *gate) must(t testing.TB, what string) {
	t.Helper()
	if !g.wait() {
		t.Fatalf("waited in vain for %s", what)
	}
}

// once lets exactly one request be the first.
type once struct{ taken atomic.Bool }

func (o *once) first() bool { return o.taken.CompareAndSwap(false, true) }

// raw sends bytes on a connection of its own and returns what comes back until
// the other side closes or the bytes hold end.
func raw(t testing.TB, address, request string) string {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(c)
	return string(answer)
}

// gather collects what handlers saw, safe for concurrent use.
type gather[T any] struct {
	mu  sync.Mutex
	all []T
}

func (g *gather[T]) add(v T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all = append(g.all, v)
}

func (g *gather[T]) list() []T {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]T(nil), g.all...)
}
