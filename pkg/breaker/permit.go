package breaker

import "sync/atomic"

// permit is one turn of a reused record, so that letting an attempt through a
// closed breaker allocates nothing.
type permit struct {
	turn    atomic.Uint64 // goes up when a permit is given back: a stale copy cannot give it back again
	breaker *Breaker
	phase   *phase      // the closed phase that let the attempt through, if one did
	done    func(error) // gives back the half-open slot, if one is held
}

// Permit lets one attempt through a breaker. It is a value that may be copied;
// the zero value permits nothing and its Done does nothing.
type Permit struct {
	record *permit
	turn   uint64
}

func (b *Breaker) permit(p *phase, done func(error)) Permit {
	r := b.permits.Get().(*permit) //nolint:forcetypeassert // the pool holds nothing else
	r.breaker, r.phase, r.done = b, p, done
	return Permit{record: r, turn: r.turn.Load()}
}

// Done gives the permit back with the attempt's mark and reports whether this
// was the first time; on any copy, later calls do nothing. A mark is dropped when the
// breaker has changed state since it let the attempt through.
func (p Permit) Done(m Mark) bool {
	r := p.record
	if r == nil || !r.turn.CompareAndSwap(p.turn, p.turn+1) {
		return false
	}
	b, phase, done := r.breaker, r.phase, r.done
	r.breaker, r.phase, r.done = nil, nil, nil
	b.permits.Put(r)
	switch {
	case done != nil:
		done(m.err())
	case phase != nil && m != Neutral:
		if c := b.core.Load(); c.now.Load() == phase {
			c.mark(m)
		}
	}
	return true
}
