package proxy

import (
	"bytes"
	"io"
	"sync"
)

// kept is the body of a bad answer that waits, in case no better one comes. It
// is read into memory meanwhile, up to a limit: the connection is free again,
// and the answer is whole when it is needed at the deadline.
type kept struct {
	upstream io.ReadCloser

	mu    sync.Mutex
	grown sync.Cond    // on a change of what follows
	head  bytes.Buffer // what was read ahead and not yet consumed
	ended bool         // nothing more is read ahead
	err   error        // what ended it; nil: the limit
}

func keepBody(upstream io.ReadCloser, limit int64) io.ReadCloser {
	k := &kept{upstream: upstream}
	k.grown.L = &k.mu
	go k.readAhead(limit) // ends at the latest when the attempt's context does
	return k
}

func (k *kept) readAhead(limit int64) {
	buffer := make([]byte, min(limit, 8<<10))
	for left := limit; ; {
		n, err := 0, error(nil)
		if left > 0 {
			n, err = k.upstream.Read(buffer[:min(left, int64(len(buffer)))])
			left -= int64(n)
		}
		k.mu.Lock()
		k.head.Write(buffer[:n])
		k.ended, k.err = left == 0 || err != nil, err
		ended := k.ended
		k.mu.Unlock()
		k.grown.Signal()
		if ended {
			return
		}
	}
}

func (k *kept) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.head.Len() == 0 && !k.ended {
		k.grown.Wait()
	}
	switch {
	case k.head.Len() > 0:
		return k.head.Read(p)
	case k.err != nil:
		return 0, k.err
	default:
		return k.upstream.Read(p)
	}
}

func (k *kept) Close() error { return k.upstream.Close() }
