package proxy

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
)

// replay gives a request's body to every attempt. It is read on when a reader
// has come to its end, and recorded, up to a limit; what is recorded, every
// attempt can read from the start (P6). Past the limit one reader goes on alone.
//
// The body is read on a goroutine of its own, since a reader must let go when
// its attempt is cancelled: http.Transport waits for that before it gives up the
// attempt, and the client may not send more for long.
type replay struct {
	source  io.Reader
	limit   int64
	trailer http.Header // the request's, whole when source has ended
	names   []string    // of the trailer

	mu       sync.Mutex
	recorded []byte
	beyond   []byte        // what was read past the limit and no reader has taken yet
	alone    *replayReader // who passed the limit; nil: nobody
	over     bool          // the limit is passed, or will be
	err      error         // what ended the source
	fetching chan struct{} // closed when the read under way ends; nil: none is
	ended    bool          // the call is over
	chunks   *sync.Pool    // of *chunk
}

// errBodyTooLarge is what attempts other than the first to pass the limit get.
var errBodyTooLarge = errors.New("request body is larger than replayLimit and was not kept")

// takeBody makes the request's body ready for attempts.
func (c *call) takeBody() {
	r := c.request
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	source := io.Reader(r.Body)
	if limit := c.handler.options.MaxBodyBytes; limit > 0 {
		// Without the ResponseWriter, whose header no goroutine that reads may touch.
		source = http.MaxBytesReader(nil, r.Body, limit)
	}
	c.body = &replay{
		source: source, limit: c.route.policy.ReplayLimit,
		chunks: &c.handler.chunks, trailer: r.Trailer, names: slices.Collect(maps.Keys(r.Trailer)),
	}
	c.body.over = r.ContentLength > c.body.limit
}

// tooLarge reports whether a further attempt could not be sent whole.
func (b *replay) tooLarge() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over
}

// failed is the error with which the client's body broke off, if it did.
func (b *replay) failed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == io.EOF { //nolint:errorlint // a reader returns io.EOF itself
		return nil
	}
	return b.err
}

// whole reports whether the client has sent all of it, or has broken off.
func (b *replay) whole() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err != nil
}

// end lets nobody read on.
func (b *replay) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
}

// attach gives an attempt's request the body from its start, and its trailer.
func (b *replay) attach(out *http.Request) {
	if len(b.names) > 0 {
		out.Trailer = make(http.Header, len(b.names))
		for _, name := range b.names {
			out.Trailer[name] = nil
		}
	}
	out.Body = b.reader(out)
	out.GetBody = func() (io.ReadCloser, error) { // for a connection that broke before the request left
		if b.tooLarge() {
			return nil, errBodyTooLarge
		}
		return b.reader(out), nil
	}
}

func (b *replay) reader(out *http.Request) *replayReader {
	return &replayReader{body: b, request: out, done: make(chan struct{})}
}

// replayReader is one attempt's view of the body.
type replayReader struct {
	body    *replay
	request *http.Request
	offset  int
	closed  bool
	done    chan struct{} // closed with it
}

func (r *replayReader) Read(p []byte) (int, error) {
	b := r.body
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		switch {
		case r.closed || b.ended:
			return 0, http.ErrBodyReadAfterClose
		case r.offset < len(b.recorded):
			n := copy(p, b.recorded[r.offset:])
			r.offset += n
			return n, nil
		case b.alone != nil && b.alone != r:
			return 0, errBodyTooLarge
		case len(b.beyond) > 0:
			b.alone = r
			n := copy(p, b.beyond)
			b.beyond = b.beyond[n:]
			return n, nil
		case b.err != nil:
			r.takeTrailer()
			return 0, b.err
		case len(p) == 0:
			return 0, nil
		case b.fetching == nil:
			b.fetching = make(chan struct{})
			go b.fetch()
		}
		if err := r.wait(b.fetching); err != nil {
			return 0, err
		}
	}
}

// wait waits for the read under way, without b.mu.
func (r *replayReader) wait(fetching chan struct{}) error {
	r.body.mu.Unlock()
	defer r.body.mu.Lock()
	select {
	case <-fetching:
		return nil
	case <-r.done:
		return http.ErrBodyReadAfterClose
	case <-r.request.Context().Done():
		return r.request.Context().Err()
	}
}

// takeTrailer gives the attempt the trailer, which came after the body.
func (r *replayReader) takeTrailer() {
	for _, name := range r.body.names {
		r.request.Trailer[name] = r.body.trailer[name]
	}
}

// fetch reads on from the source, for everyone.
func (b *replay) fetch() {
	buffer, _ := b.chunks.Get().(*chunk)
	defer b.chunks.Put(buffer)
	n, err := b.source.Read(buffer[:])
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over || int64(len(b.recorded)+n) > b.limit {
		b.over = true
		b.beyond = append(b.beyond[:0], buffer[:n]...)
	} else {
		b.recorded = append(b.recorded, buffer[:n]...)
	}
	b.err = err
	close(b.fetching)
	b.fetching = nil
}

func (r *replayReader) Close() error {
	r.body.mu.Lock()
	defer r.body.mu.Unlock()
	if !r.closed {
		r.closed = true
		close(r.done)
	}
	return nil
}
