package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// serve serves on a free port and prints its address.
func serve(h http.Handler) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(l.Addr())
	_ = (&http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}).Serve(l)
}

func serveUpstream() {
	size, _ := strconv.Atoi(os.Args[2])
	body := bytes.Repeat([]byte("x"), size)
	length := []string{strconv.Itoa(size)}
	serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Length"] = length
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(body)
	}))
}

// serveCollector takes spans and forgets them.
func serveCollector() {
	serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
}

// buffers is the pool that a tuned ReverseProxy copies through.
type buffers struct{ sync.Pool }

func (b *buffers) Get() []byte  { return b.Pool.Get().([]byte) }
func (b *buffers) Put(p []byte) { b.Pool.Put(p) } //nolint:staticcheck // as the interface has it

// serveReverseProxy is the peer: the standard library's proxy with what an
// engineer would tune: enough idle connections, a buffer pool, no compression,
// the forwarding headers that hedged sets, too.
func serveReverseProxy(replicas []string) {
	var next atomic.Uint64
	targets := make([]*url.URL, len(replicas))
	for i, r := range replicas {
		targets[i] = &url.URL{Scheme: "http", Host: r}
	}
	serve(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(targets[next.Add(1)%uint64(len(targets))])
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		Transport:  &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true, IdleConnTimeout: 90 * time.Second},
		BufferPool: &buffers{sync.Pool{New: func() any { return make([]byte, 32<<10) }}},
	})
}
