package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// endpoint answers calls.
type endpoint struct {
	name, seed string
	spans      *spans
	greeting   http.Handler // gRPC's
	calls      atomic.Int64
	leaving    atomic.Bool

	mu     sync.Mutex // held to change what follows
	habits atomic.Pointer[habits]
}

// habits are how an endpoint behaves, and when it has random peaks.
type habits struct {
	behaviour
	peaks *timeline
}

func newEndpoint(name, seed string, first behaviour, s *spans) *endpoint {
	e := &endpoint{name: name, seed: seed, spans: s, greeting: newHealth()}
	e.habits.Store(&habits{first, newTimeline(first.random, name, seed, time.Now())})
	return e
}

func (e *endpoint) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", e.ready)
	mux.HandleFunc("POST /control", e.control)
	mux.HandleFunc("GET /calls", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, e.calls.Load()) })
	mux.HandleFunc("/", e.answer)
	return mux
}

func (e *endpoint) ready(w http.ResponseWriter, _ *http.Request) {
	if e.leaving.Load() {
		http.Error(w, "leaving", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (e *endpoint) control(w http.ResponseWriter, r *http.Request) {
	b, err := e.behave(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "%+v\n", b)
}

// behave changes the behaviour. Random peaks go on as they are if nobody speaks of
// them.
func (e *endpoint) behave(wanted url.Values) (behaviour, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	old := e.habits.Load()
	b, peaks := old.behaviour, old.peaks
	for name := range wanted {
		var err error
		if b, err = b.with(name, wanted.Get(name)); err != nil {
			return b, err
		}
	}
	if err := b.check(); err != nil {
		return b, err
	}
	if b.random != old.random {
		peaks = newTimeline(b.random, e.name, e.seed, time.Now())
	}
	e.habits.Store(&habits{b, peaks})
	return b, nil
}

func (e *endpoint) answer(w http.ResponseWriter, r *http.Request) {
	e.calls.Add(1)
	h, now := e.habits.Load(), time.Now()
	meets, wait := h.meet(now, h.peaks.peaking(now), rand.Float64())
	span := e.spans.start(r)
	if meets == stalled {
		<-r.Context().Done()
		span.gone(stalled)
		return
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			span.gone(meets)
			return
		}
	}
	switch meets {
	case shed:
		span.end(shed, h.status)
		http.Error(w, e.name+" fails as it was told to", h.status)
	case dropped:
		span.end(dropped, 0)
		reset(w)
	default:
		// Ended before the last byte is written, as the caller's span ends with it.
		span.end(served, http.StatusOK)
		if isGRPC(r) {
			e.greeting.ServeHTTP(w, r)
			return
		}
		fmt.Fprintln(w, e.name)
	}
}

// reset closes a call's connection without an answer, by RST rather than FIN, as a
// process that dies does. Of HTTP/2 it is the stream.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}
