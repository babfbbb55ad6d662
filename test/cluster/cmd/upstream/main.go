// Command upstream is an endpoint to test against: it answers every call with its
// pod's name, late or wrong as it is told to. GET /readyz says whether it takes
// calls; POST /control?delay=20ms&fail=0.1&status=503&peak=300ms&every=5s changes
// how it behaves, and so do DELAY, FAIL, STATUS, PEAK and EVERY at its start: in
// each EVERY, calls that arrive in the first PEAK are held until it is over.
//
// SIGTERM ends it in order after GRACE (2s): it goes on to serve until then, and
// waits for calls in flight. GRACE=0s ends it at once, with what is in flight.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	first, err := parse(behaviour{status: http.StatusServiceUnavailable}, map[string]string{
		"delay": os.Getenv("DELAY"), "fail": os.Getenv("FAIL"), "status": os.Getenv("STATUS"), "peak": os.Getenv("PEAK"), "every": os.Getenv("EVERY"),
	})
	if err != nil {
		return err
	}
	grace := 2 * time.Second
	if g := os.Getenv("GRACE"); g != "" {
		if grace, err = time.ParseDuration(g); err != nil {
			return fmt.Errorf("GRACE: %w", err)
		}
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	e := &endpoint{name: name}
	e.behaves.Store(&first)
	server := &http.Server{Addr: ":8080", Handler: e.routes(), ReadHeaderTimeout: 10 * time.Second}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	if grace == 0 {
		return nil
	}
	e.leaving.Store(true)
	time.Sleep(grace) // the time that others need to hear of it
	last, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(last)
}

// endpoint answers calls.
type endpoint struct {
	name    string
	behaves atomic.Pointer[behaviour]
	calls   atomic.Int64
	leaving atomic.Bool
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
	wanted := map[string]string{}
	for name := range r.URL.Query() {
		wanted[name] = r.URL.Query().Get(name)
	}
	b, err := parse(*e.behaves.Load(), wanted)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	e.behaves.Store(&b)
	fmt.Fprintln(w, b)
}

func (e *endpoint) answer(w http.ResponseWriter, r *http.Request) {
	e.calls.Add(1)
	b := e.behaves.Load()
	if wait := b.wait(time.Now()); wait > 0 {
		select {
		case <-time.After(wait):
		case <-r.Context().Done():
			return
		}
	}
	if b.fail > 0 && rand.Float64() < b.fail {
		http.Error(w, e.name+" fails as it was told to", b.status)
		return
	}
	fmt.Fprintln(w, e.name)
}

var errUnknown = errors.New("is none of delay, fail, status, peak, every")
