package proxy_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/proxy"
)

// finder is a Resolver that knows what a test tells it.
type finder struct {
	mu      sync.Mutex
	known   map[discovery.Target]discovery.Set
	watches map[*watch]bool
	began   int // Watch was called so often
}

type watch struct {
	target discovery.Target
	update func(discovery.Set)
}

// Watch implements discovery.Resolver.
func (f *finder) Watch(t discovery.Target, update func(discovery.Set)) (stop func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watches == nil {
		f.known, f.watches = map[discovery.Target]discovery.Set{}, map[*watch]bool{}
	}
	w := &watch{t, update}
	f.began++
	f.watches[w] = true
	if s, ok := f.known[t]; ok {
		update(s)
	}
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.watches, w)
	}
}

// tell is what becomes known of the only target that is watched.
func (f *finder) tell(s discovery.Set) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range f.watches {
		f.known[w.target] = s
		w.update(s)
	}
}

// watched are the targets that are watched, in words.
func (f *finder) watched() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for w := range f.watches {
		all = append(all, w.target.String())
	}
	return strings.Join(all, ", ")
}

// endpoints is a set of replicas.
func endpoints(replicas ...*replica) (s discovery.Set) {
	for _, r := range replicas {
		s.Endpoints = append(s.Endpoints, discovery.Endpoint{Address: r.Listener.Addr().String()})
	}
	return s
}

func missing(why string) discovery.Set {
	return discovery.Set{NotFound: true, Problem: errors.New(why)}
}

const catalog = "upstream: {service: {name: catalog, port: http}}\n"

// find starts a front with a policy for host shop whose upstream is a Service.
func find(t testing.TB, extra string) (*front, *finder) {
	t.Helper()
	r := new(finder)
	f := begin(t, proxy.Options{Resolver: r})
	f.publish(t, document("shop", "shop", catalog+extra))
	return f, r
}
