package proxy

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/record"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/upstream"
	"hedged.dev/hedged/pkg/wire"
)

// Options are what a Handler works with.
type Options struct {
	// Registry holds the endpoints; its carriers are *transport.Carrier.
	Registry *upstream.Registry
	// Telemetry records calls and attempts.
	Telemetry *telemetry.Telemetry
	// DeadlineHeader is one more request header that callers may send their
	// deadline in, as whole milliseconds or a duration; "" is none.
	DeadlineHeader string
	// MaxBodyBytes bounds a request's body; 0 is no bound.
	MaxBodyBytes int64
	// Resolver finds the endpoints of upstreams that do not write them down; nil
	// finds none.
	Resolver discovery.Resolver
	// Attempts is told of every attempt's end while somebody listens; nil is nobody.
	Attempts *record.Log
}

// Handler is the data plane. Publish gives it policies; until then it answers
// every call with 404.
type Handler struct {
	options  Options
	routes   atomic.Pointer[routes]
	draining atomic.Bool
	strays   *telemetry.Recorder // of calls that no policy carries out
	chunks   sync.Pool           // of *chunk
	recorded atomic.Uint64       // calls that Options.Attempts was told of
	plain    hedge.Plan          // of one attempt: what is carried out where no policy is enforced
	rounds   rounds
	found    atomic.Bool   // whether Ready has returned nil
	changed  chan struct{} // see UpstreamsChanged

	mu      sync.Mutex // guards what follows; no call takes it
	states  map[string]*state
	retired []retiree
}

// New returns a handler without policies.
func New(o Options) (*Handler, error) {
	o.DeadlineHeader = http.CanonicalHeaderKey(o.DeadlineHeader)
	if o.Resolver == nil {
		o.Resolver = discovery.Resolvers{}
	}
	h := &Handler{
		options: o, states: map[string]*state{}, plain: hedge.Plan{FanOut: 1}, strays: o.Telemetry.Recorder("", "", ""),
		changed: make(chan struct{}, 1),
	}
	h.rounds.interval.Store(int64(tickInterval))
	h.chunks.New = func() any { return new(chunk) }
	h.routes.Store(newRoutes(nil, nil))
	if err := h.observe(); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return h, nil
}

// Drain makes every answer from now on the last of its connection: clients go
// elsewhere while calls still succeed.
func (h *Handler) Drain() { h.draining.Store(true) }

// ServeHTTP carries out one call.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	arrived := time.Now()
	if h.draining.Load() {
		w.Header().Set("Connection", "close") // over HTTP/2 this becomes a GOAWAY
	}
	if refusal, ok := refuse(r); ok {
		h.stray(w, r, arrived, refusal)
		return
	}
	routes := h.routes.Load()
	route, rule := routes.match(r)
	if route == nil {
		h.stray(w, r, arrived, noMatch(r))
		return
	}
	if wire.Passes(fields(r.Header)) >= maxPasses {
		h.stray(w, r, arrived, looped(route))
		return
	}
	h.carryOut(w, r, route, rule, arrived)
}

// carryOut runs a call under its policy.
func (h *Handler) carryOut(w http.ResponseWriter, r *http.Request, t *route, rule *policy.Rule, arrived time.Time) {
	c := newCall(h, t, r, arrived)
	c.record = t.recorder.Call(r.Context(), telemetry.Header(r.Header), telemetry.CallStart{
		Method: r.Method, Route: rule.Route, Scheme: "http", Host: r.Host, Path: r.URL.Path,
		Proto: r.Proto, Peer: r.RemoteAddr, UserAgent: fields(r.Header).Get("User-Agent"), RPC: rpc(r), Start: arrived,
	})
	end := telemetry.CallEnd{Plan: telemetry.Plan{
		FanOut: c.plan.FanOut, State: string(c.plan.State), Rule: string(c.plan.Rule), Reason: c.plan.Reason,
	}}
	defer func() { c.record.End(end) }() // also when an answer is broken off by a panic

	c.takeBody()
	c.prepare()
	plan := &c.plan.Plan
	if !t.policy.Enforced() {
		plan = &h.plain
	}
	o := hedge.DoInline(c.record.Context(), plan, c.deadline, hedge.Caller[*http.Response](c))
	end.Attempts, end.Suppressed = o.Launched, o.Suppressed
	if end.Failed = o.Verdict != hedge.Accepted; !end.Failed {
		end.Winner = o.Winner // of a bad answer that is passed on, the outcome names the attempt too
	}
	c.learn(&o, &end)
	c.respond(w, &o, &end)
}

// prepare turns the client's header into the one that attempts start from. The
// request is ours alone from here on, so it is done in place: the first
// attempt sends this very header, further ones a copy.
func (c *call) prepare() {
	r := c.request
	client, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		client = ""
	}
	h := &c.first.header
	h.fields = fields(r.Header)
	wire.StripRequest(h)
	wire.Forwarded(h, client, "http", r.Host)
	wire.Via(h, r.ProtoMajor, r.ProtoMinor)
	if _, ok := r.Header["User-Agent"]; !ok {
		r.Header["User-Agent"] = nil // or net/http would send its own
	}
}

// stray answers a call that no policy carries out.
func (h *Handler) stray(w http.ResponseWriter, r *http.Request, arrived time.Time, p wire.Problem) {
	call := h.strays.Call(r.Context(), telemetry.Header(r.Header), telemetry.CallStart{
		Method: r.Method, Scheme: "http", Host: r.Host, Path: r.URL.Path,
		Proto: r.Proto, Peer: r.RemoteAddr, UserAgent: fields(r.Header).Get("User-Agent"), Start: arrived,
	})
	writeProblem(w, r, p)
	call.End(telemetry.CallEnd{Status: p.Status, ErrorType: p.Kind, Failed: true, ClientGone: r.Context().Err() != nil})
}
