package upstream

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"hedged.dev/hedged/pkg/breaker"
)

// Group is the endpoints of one policy's upstream. It is safe for concurrent use.
type Group struct {
	registry *Registry
	random   func(n int) int // from 0 to n-1
	update   sync.Mutex      // one Update or Close at a time
	members  atomic.Pointer[members]
}

// members is what a group consists of at one time. It is immutable.
type members struct {
	distinct  Distinct
	unguarded bool
	anyNear   bool
	all       []member
}

// member is an endpoint as one group sees it.
type member struct {
	endpoint *Endpoint
	breaker  *breaker.Breaker
	near     bool // the first attempt prefers it
}

// Group returns a group of the endpoints with these keys; a repeated key counts
// once. It holds them until Close.
func (r *Registry) Group(keys []Key, o Options) *Group {
	g := &Group{registry: r, random: rand.IntN}
	g.members.Store(&members{})
	g.Update(keys, o)
	return g
}

// Update puts other endpoints and options in force for the next pick. An
// endpoint that stays keeps its state and its breaker's; attempts in flight to
// one that goes run on.
func (g *Group) Update(keys []Key, o Options) {
	g.update.Lock()
	defer g.update.Unlock()
	g.replace(keys, o)
}

// Close lets go of every endpoint. Attempts in flight run on; later picks find
// no endpoint.
func (g *Group) Close() {
	g.update.Lock()
	defer g.update.Unlock()
	g.replace(nil, Options{})
}

// Len returns the number of endpoints.
func (g *Group) Len() int { return len(g.members.Load().all) }

// Keys returns the keys of the endpoints, in their order.
func (g *Group) Keys() []Key {
	all := g.members.Load().all
	keys := make([]Key, len(all))
	for i, m := range all {
		keys[i] = m.endpoint.key
	}
	return keys
}

func (g *Group) replace(keys []Key, o Options) {
	gone := make(map[Key]member)
	for _, m := range g.members.Load().all {
		gone[m.endpoint.key] = m
	}
	next := &members{distinct: o.Distinct, unguarded: o.Unguarded}
	seen := make(map[Key]bool, len(keys))
	for _, k := range keys {
		if seen[k] {
			continue
		}
		seen[k] = true
		m, stays := gone[k]
		if stays {
			m.breaker.Update(o.Breaker)
		} else {
			m = member{endpoint: g.registry.hold(k), breaker: breaker.New(o.Breaker)}
		}
		delete(gone, k)
		m.near = o.Near[k]
		next.anyNear = next.anyNear || m.near
		next.all = append(next.all, m)
	}
	g.members.Store(next)
	for _, m := range gone { // only now, so that no pick can find a closed one in the new members
		m.endpoint.release(oneGroup)
	}
}
