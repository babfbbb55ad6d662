package admin

import (
	"net/http"
	"time"

	"hedged.dev/hedged/pkg/record"
)

const (
	// streamBuffer is how many attempts a reader of /attempts may fall behind
	// until it goes without some.
	streamBuffer = 1 << 13
	// streamDelay is how long an attempt may wait for others to leave with.
	streamDelay = 200 * time.Millisecond
)

// attempts streams the attempts that end from now on, until the client leaves
// or the log is closed.
func attempts(log *record.Log) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if r.Method == http.MethodHead {
			return
		}
		listener := log.Subscribe(streamBuffer)
		defer listener.Close()
		stream(w, r, listener.C())
	})
}

// stream ends without a word when the client has gone: nobody is left to tell.
func stream(w http.ResponseWriter, r *http.Request, attempts <-chan record.Attempt) {
	only := r.URL.Query().Get("policy")
	out, connection := record.NewEncoder(w), http.NewResponseController(w)
	due := time.NewTicker(streamDelay)
	defer due.Stop()
	err := connection.Flush() // the header says that the stream has begun
	for waiting := false; err == nil; {
		select {
		case <-r.Context().Done():
			return
		case a, more := <-attempts:
			if !more {
				return
			}
			if only != "" && a.Policy != only {
				continue
			}
			err, waiting = out.Encode(a), true
		case <-due.C:
			if waiting {
				err, waiting = connection.Flush(), false
			}
		}
	}
}
