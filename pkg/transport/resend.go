package transport

import (
	"io"
	"net/http"
)

// identity makes net/http send no framing for a body that is none.
var identity = []string{"identity"} // net/http only reads it

// sendOnce keeps net/http from sending a request a second time by itself. When a
// connection that was used before breaks before an answer, net/http resends a
// request that it takes for replayable, to the same endpoint: an attempt that
// nobody counted, charged to no budget and seen in no trace. Whether there is a
// further attempt, and where, is the engine's decision.
//
// net/http counts as replayable what has no body, or one that GetBody gives
// anew. Over HTTP/2 it resends only what the server says it did not process.
// What is left is a POST without a body but with an Idempotency-Key: it needs
// its Content-Length of 0.
func sendOnce(r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		if r.Body == nil || r.Body == http.NoBody {
			r.Body, r.TransferEncoding = nothing{}, identity
		}
		r.GetBody = nil
	default:
		if r.Header["Idempotency-Key"] != nil || r.Header["X-Idempotency-Key"] != nil {
			r.GetBody = nil
		}
	}
}

// nothing is a body that net/http does not know to be empty.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }
func (nothing) Close() error             { return nil }

// WriteTo spares net/http the buffer that it would copy through.
func (nothing) WriteTo(io.Writer) (int64, error) { return 0, nil }
