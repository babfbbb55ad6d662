package upstream

import (
	"io"
	"sync/atomic"
	"time"
)

// Endpoint is one address of an upstream, with the state that all groups share.
// It is safe for concurrent use.
type Endpoint struct {
	key      Key
	registry *Registry
	carrier  io.Closer
	// refs counts the groups that hold the endpoint, in the upper half, and the
	// attempts in flight to it, in the lower. At 0 it is closed, for good.
	refs     atomic.Int64
	score    Score
	held     atomic.Int64 // Unix nanoseconds until which pushback holds it out; 0: never
	attempts atomic.Uint64
	bad      atomic.Uint64
}

const (
	oneLease int64 = 1
	oneGroup int64 = 1 << 32
)

// Key returns what identifies the endpoint.
func (e *Endpoint) Key() Key { return e.key }

// Carrier returns what the registry's open function made for it.
func (e *Endpoint) Carrier() io.Closer { return e.carrier }

// InFlight returns the number of attempts in flight.
func (e *Endpoint) InFlight() int64 { return e.refs.Load() % oneGroup }

// Score returns what part of a deadline its recent attempts took, from 0 for good to
// 1 for bad: a failure counts as all of it. It fades within seconds when none end.
func (e *Endpoint) Score() float64 { return e.sums().Value() }

func (e *Endpoint) sums() Sums { return e.score.Sums(time.Now()) }

// HoldOut keeps picks away until that time, as an upstream's pushback asks. An
// earlier hold that lasts longer stays.
func (e *Endpoint) HoldOut(until time.Time) {
	for {
		held := e.held.Load()
		if until.UnixNano() <= held || e.held.CompareAndSwap(held, until.UnixNano()) {
			return
		}
	}
}

// HeldOut reports whether pushback keeps picks away.
func (e *Endpoint) HeldOut() bool {
	held := e.held.Load()
	return held != 0 && time.Now().UnixNano() < held
}

// acquire adds a reference, unless the endpoint is closed.
func (e *Endpoint) acquire(ref int64) bool {
	for {
		refs := e.refs.Load()
		if refs == 0 {
			return false
		}
		if e.refs.CompareAndSwap(refs, refs+ref) {
			return true
		}
	}
}

// release gives a reference back; the last one closes the endpoint.
func (e *Endpoint) release(ref int64) {
	if e.refs.Add(-ref) == 0 {
		e.registry.forget(e)
		_ = e.carrier.Close() // nobody is left whom a failure to close would concern
	}
}
