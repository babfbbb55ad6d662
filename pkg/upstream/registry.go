package upstream

import (
	"io"
	"slices"
	"sync"
)

// Registry holds every endpoint that a group names, once. It is safe for
// concurrent use.
type Registry struct {
	open      func(Key) io.Closer
	mu        sync.Mutex // guards endpoints; taken by updates and closes, never by a pick
	endpoints map[Key]*Endpoint
}

// NewRegistry returns an empty registry. open makes what carries attempts to an
// endpoint; it is closed when the last group has let go and the last attempt is
// over. open is called under a lock and must not call the registry.
func NewRegistry(open func(Key) io.Closer) *Registry {
	return &Registry{open: open, endpoints: make(map[Key]*Endpoint)}
}

// Endpoints returns every endpoint in use, sorted by key.
func (r *Registry) Endpoints() []*Endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*Endpoint, 0, len(r.endpoints))
	for _, e := range r.endpoints {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *Endpoint) int { return a.key.compare(b.key) })
	return all
}

// hold returns the endpoint of a key with one more group's reference.
func (r *Registry) hold(k Key) *Endpoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.endpoints[k]; ok && e.acquire(oneGroup) {
		return e
	}
	e := &Endpoint{key: k, registry: r, carrier: r.open(k)}
	e.refs.Store(oneGroup)
	r.endpoints[k] = e
	return e
}

// forget removes a closed endpoint, unless another has taken its place.
func (r *Registry) forget(e *Endpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.endpoints[e.key] == e {
		delete(r.endpoints, e.key)
	}
}
