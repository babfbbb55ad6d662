package breaker

import (
	"sync"
	"sync/atomic"

	"github.com/sony/gobreaker/v2"
)

// Breaker is the circuit breaker of one endpoint. It is safe for concurrent use.
type Breaker struct {
	settings atomic.Pointer[Settings]
	core     atomic.Pointer[core]
	update   sync.Mutex // one Update at a time
	permits  sync.Pool  // of *permit
	opened   atomic.Uint64
	bypassed atomic.Uint64
}

// New returns a closed breaker.
func New(s Settings) *Breaker {
	b := &Breaker{permits: sync.Pool{New: func() any { return new(permit) }}}
	b.settings.Store(&s)
	c := newCore(&s, b.countOpened)
	c.trips = b.trips
	b.core.Store(c)
	return b
}

// State returns the present state. It takes no lock, reads the clock only while
// the breaker is open, and never claims a half-open slot.
func (b *Breaker) State() State { return b.core.Load().now.Load().at() }

// Allow asks to let an attempt through. Only the endpoint that was chosen is
// asked, since a half-open breaker gives one of its few slots away. The permit
// must be given back with Done.
func (b *Breaker) Allow() (Permit, bool) {
	c := b.core.Load()
	if p := c.now.Load(); p.state == Closed {
		// Nothing to claim: gobreaker hears of the attempt when it ends. It
		// would drop the mark of one that it let through more than a window
		// ago, so that an endpoint which hangs for long would never open it.
		return b.permit(p, nil), true
	}
	done, err := c.gate.Allow()
	if err != nil {
		return Permit{}, false
	}
	return b.permit(nil, done), true
}

// Bypass lets an attempt through whatever the state: a call's first attempt is
// never refused (law 5). Its mark does not count.
func (b *Breaker) Bypass() Permit {
	b.bypassed.Add(1)
	return b.permit(nil, nil)
}

func (b *Breaker) trips(n gobreaker.Counts) bool { return b.settings.Load().trips(n) }

func (b *Breaker) countOpened() { b.opened.Add(1) }
