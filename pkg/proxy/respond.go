package proxy

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/telemetry"
	"hedged.dev/hedged/pkg/wire"
)

// statusClientGone is what a call is recorded with when nobody is there to be
// answered. nginx made the number known; it is never sent.
const statusClientGone = 499

// respond writes a call's outcome to the client. An answer that breaks off
// after it was committed aborts the client's stream: a silent truncation would
// look like a whole answer.
func (c *call) respond(w http.ResponseWriter, o *hedge.Outcome[*http.Response], end *telemetry.CallEnd) {
	defer o.Release()
	if c.body != nil && !c.body.whole() {
		defer c.leaveBody(w)()
	}
	switch {
	case errors.Is(o.Err, hedge.ErrGone):
		end.Status, end.ClientGone, end.RPCStatus = statusClientGone, true, wire.GRPCCancelled
		panic(http.ErrAbortHandler)
	case !o.HasValue:
		p := c.problem(o)
		end.Status, end.ErrorType, end.RPCStatus = p.Status, p.Kind, wire.GRPCName(wire.GRPCCode(p.Status))
		if errors.Is(o.Err, hedge.ErrDeadline) {
			end.ErrorType = telemetry.ErrorTimeout
		}
		writeProblem(w, c.request, p)
		return
	}
	answer := o.Value
	defer func() { _ = answer.Body.Close() }()
	end.Status = answer.StatusCode
	copyHeader(w.Header(), answer, c.request.URL.IsAbs())
	w.WriteHeader(answer.StatusCode)
	err := c.stream(w, answer, o.Release)
	end.RPCStatus = c.finalStatus(c.attempts[o.Winner-1], answer, err)
	if err != nil {
		if c.request.Context().Err() != nil {
			end.ClientGone = true
		} else {
			end.ErrorType, end.Failed = "http_response_incomplete", true
		}
		panic(http.ErrAbortHandler)
	}
	copyTrailer(w.Header(), answer)
}

// leaveBody answers before the request's body is whole. What the client sends
// of it later must not be taken for its next request, so over HTTP/1.1 the
// connection ends with this answer. The function that it returns is called when
// that is written.
func (c *call) leaveBody(w http.ResponseWriter) func() {
	if c.request.ProtoMajor == 1 {
		// This is how net/http is told: it says so to the client, does not take
		// in the rest of the body before it writes the answer, and lets the
		// client read that before it breaks the connection off.
		_, _ = http.MaxBytesReader(w, io.NopCloser(strings.NewReader("x")), 0).Read(make([]byte, 1))
	}
	return func() {
		c.body.end()
		// A read of the body that is under way ends now, and net/http finds a
		// closed one; it would wait for the rest.
		_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
		_ = c.request.Body.Close()
	}
}

// copyHeader writes the answer's header, and announces its trailer.
func copyHeader(to http.Header, answer *http.Response, viaProxy bool) {
	closing := to.Get("Connection") // our own word on draining
	wire.StripResponse(fields(answer.Header))
	for name, values := range answer.Header {
		to[name] = values
	}
	if viaProxy { // a gateway need not say so to its clients, a proxy must
		wire.Via(fields(to), answer.ProtoMajor, answer.ProtoMinor)
	}
	if len(answer.Trailer) > 0 {
		if answer.Body != http.NoBody {
			to.Del("Content-Length") // over HTTP/1.1 a trailer needs chunks
		}
		names := make([]string, 0, len(answer.Trailer))
		for name := range answer.Trailer {
			names = append(names, name)
		}
		to.Set("Trailer", strings.Join(names, ", "))
	}
	if closing != "" {
		to.Set("Connection", closing)
	}
}

// copyTrailer writes the trailer, which is whole once the body is read.
func copyTrailer(to http.Header, answer *http.Response) {
	for name, values := range answer.Trailer {
		for _, v := range values {
			to.Add(http.TrailerPrefix+name, v)
		}
	}
}

// chunk is a buffer that a body is copied through.
type chunk [32 << 10]byte

// stream copies the answer's body. The policy's deadline is over; what bounds
// it now is the caller's own, and how long the upstream may be silent.
func (c *call) stream(w http.ResponseWriter, answer *http.Response, stop func()) error {
	if answer.Body == http.NoBody { // not flushed either: a gRPC answer of trailers only stays one (P21)
		return nil
	}
	if !c.callerBy.IsZero() {
		defer time.AfterFunc(time.Until(c.callerBy), stop).Stop()
	}
	idle := c.route.policy.StreamIdle
	silence := time.AfterFunc(idle, stop)
	defer silence.Stop()

	flush := func() {}
	if answer.ContentLength < 0 {
		controller := http.NewResponseController(w)
		flush = func() { _ = controller.Flush() } // a client that is gone shows at the next write
		flush()                                   // the client may wait for the header alone
	}
	buffer, _ := c.handler.chunks.Get().(*chunk)
	defer c.handler.chunks.Put(buffer)
	for {
		n, err := answer.Body.Read(buffer[:])
		if n > 0 {
			silence.Stop() // a slow client is not the upstream's silence
			if _, werr := w.Write(buffer[:n]); werr != nil {
				return werr
			}
			flush()
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		silence.Reset(idle)
	}
}
