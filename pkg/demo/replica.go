package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The headers that a replica reads: the load's number of the call, and the
// daemon's number of the attempt.
const (
	callHeader    = "Demo-Call"
	attemptHeader = "Hedged-Attempt"
)

// stallBound is the longest that a replica leaves an attempt unanswered whose
// sender does not give up.
const stallBound = 5 * time.Second

// replica is one endpoint of the demo's upstream: an HTTP server that treats
// attempts as the behaviour of its run says.
type replica struct {
	name     string
	index    int
	stint    atomic.Pointer[stint] // nil: no run has begun
	strays   atomic.Uint64         // attempts without a call number, such as curl's
	listener net.Listener
	server   *http.Server
	handlers sync.WaitGroup
	served   chan struct{} // closed when Serve has returned
}

// stint is a replica's part in one run.
type stint struct {
	tally     *tally
	behaviour behaviour
}

// newReplica listens and serves on a port of its own on the loopback.
func newReplica(index int) (*replica, error) {
	r := &replica{name: replicaName(index), index: index}
	if err := r.open("127.0.0.1:0"); err != nil {
		return nil, err
	}
	return r, nil
}

// open listens and serves at the address.
func (r *replica) open(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen for a replica: %w", err)
	}
	served := make(chan struct{})
	server := &http.Server{Handler: r, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: stallBound}
	r.listener, r.server, r.served = listener, server, served
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with close, whose error is reported there
	}()
	return nil
}

// replicaName is what people read: the first is 1.
func replicaName(index int) string { return "replica-" + strconv.Itoa(index+1) }

// address is the replica's host and port.
func (r *replica) address() string { return r.listener.Addr().String() }

// close ends every connection and with it every attempt, and waits for them.
func (r *replica) close() error {
	err := r.server.Close()
	<-r.served
	r.handlers.Wait()
	return err
}

// ServeHTTP meets one attempt with its fate.
func (r *replica) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.handlers.Add(1)
	defer r.handlers.Done()
	stint := r.stint.Load()
	if stint == nil {
		reset(w)
		return
	}
	a := arrival{at: time.Since(stint.tally.start)}
	var err error
	if a.call, err = strconv.ParseUint(request.Header.Get(callHeader), 10, 63); err != nil {
		a.call = 1<<63 | r.strays.Add(1)
	}
	a.attempt, _ = strconv.ParseUint(request.Header.Get(attemptHeader), 10, 8) // absent: 0
	stint.tally.arrived(r.index, a.call)
	switch stint.behaviour.meet(request.Context(), a) {
	case served:
		r.answer(w, http.StatusOK, a.call)
	case shed:
		r.answer(w, http.StatusServiceUnavailable, a.call)
	case dropped, stalled:
		reset(w)
	case gone:
	}
}

// answer writes the replica's JSON, the same for a good and a bad answer.
func (r *replica) answer(w http.ResponseWriter, status int, call uint64) {
	body, _ := json.Marshal(struct {
		Replica string `json:"replica"`
		Call    uint64 `json:"call"`
	}{r.name, call &^ (1 << 63)})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // its reader may be gone, and that is its business
}

// reset closes the attempt's connection without an answer, by RST rather than
// FIN, as a process that dies or a full accept queue does.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http's own way of closing it
	}
	if tcp, ok := connection.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = connection.Close()
}

// wait waits out d and reports whether ctx lasted so long.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
