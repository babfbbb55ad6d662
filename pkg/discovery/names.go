package discovery

import (
	"context"
	"log/slog"
	"net"
	"sync"
)

// NamesOptions are what Names work with.
type NamesOptions struct {
	Log *slog.Logger
}

// Names tells of DNS names, as the resolver of Go reads resolv.conf and the hosts
// file. A name is looked up for as long as somebody watches it: again when its
// records have lived, after Refresh at the latest.
type Names struct {
	log    *slog.Logger
	crew   crew
	dial   func(ctx context.Context, network, address string) (net.Conn, error) // to a name server
	routed func(Endpoint) bool                                                  // whether there is a way to it from here

	mu      sync.Mutex
	lookups map[Name]*lookup
}

// NewNames returns Names that nobody watches yet.
func NewNames(o NamesOptions) *Names {
	return &Names{log: o.Log, dial: new(net.Dialer).DialContext, routed: routed, lookups: map[Name]*lookup{}}
}

// Run looks up what is watched until ctx is done. No failure ends it.
func (n *Names) Run(ctx context.Context) error {
	n.crew.run(ctx)
	return nil
}

// Watch tells of a name, as Resolver says. It knows nothing before the first
// look-up has ended.
func (n *Names) Watch(name Name, update func(Set)) (stop func()) {
	l := n.take(name)
	w := &watcher{update: update, look: l.look}
	l.audience.add(name, w)
	w.changed()
	return func() {
		l.audience.remove(name, w)
		w.stop()
		n.release(l)
	}
}

// take returns the look-ups of a name, which go on until they are released as
// often as they were taken.
func (n *Names) take(name Name) *lookup {
	n.mu.Lock()
	defer n.mu.Unlock()
	l, ok := n.lookups[name]
	if !ok {
		l = newLookup(n, name)
		n.lookups[name] = l
		n.crew.add(l.run)
	}
	l.users++
	return l
}

func (n *Names) release(l *lookup) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l.users--; l.users == 0 {
		l.end()
		delete(n.lookups, l.name)
	}
}

// routed reports whether a packet could leave for an endpoint. Nothing is sent:
// to connect a UDP socket looks up the route only.
func routed(e Endpoint) bool {
	c, err := net.Dial("udp", e.Address) //nolint:noctx // takes no time: the address is numeric
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
