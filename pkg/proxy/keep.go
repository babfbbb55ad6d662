package proxy

import (
	"bytes"
	"io"
)

// kept is the body of a bad answer that waits, in case no better one comes. It
// is read into memory meanwhile, up to a limit: the connection is free again,
// and the answer is whole when it is needed at the deadline.
type kept struct {
	upstream io.ReadCloser
	done     chan struct{} // closed when the reading ahead has ended
	head     bytes.Buffer  // owned by the reading goroutine until done
	err      error         // what ended it: io.EOF, nil at the limit, or a failure
}

func keepBody(upstream io.ReadCloser, limit int64) io.ReadCloser {
	k := &kept{upstream: upstream, done: make(chan struct{})}
	go func() { // ends at the latest when the attempt's context does
		defer close(k.done)
		_, k.err = io.CopyN(&k.head, upstream, limit)
	}()
	return k
}

func (k *kept) Read(p []byte) (int, error) {
	<-k.done
	if k.head.Len() > 0 {
		return k.head.Read(p)
	}
	if k.err != nil {
		return 0, k.err
	}
	return k.upstream.Read(p)
}

func (k *kept) Close() error { return k.upstream.Close() }
