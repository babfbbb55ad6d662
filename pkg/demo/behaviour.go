package demo

import (
	"context"
	"sync"
	"time"
)

// behaviour is how a replica treats the attempts of one run.
type behaviour interface {
	// meet returns what becomes of the attempt when that is so, or gone when
	// ctx ends before.
	meet(ctx context.Context, a arrival) fate
}

// careless is a replica that serves any number of attempts at once: each meets
// a fate of its own, by the habits of the time.
type careless struct {
	seed    uint64
	replica int
	habits  func(at time.Duration) habits
}

func (c careless) meet(ctx context.Context, a arrival) fate {
	met, latency := c.habits(a.at).draw(dice(c.seed, c.replica, a))
	if met == stalled {
		latency = stallBound
	}
	if !wait(ctx, latency) {
		return gone
	}
	return met
}

// queue is a replica with a few slots, and a line before them that is served in
// the order of arrival and has no end. What has joined it is worked off, whether
// its sender still waits or not: hedging makes such a replica slower.
type queue struct {
	seed    uint64
	replica int
	service func(at time.Duration) time.Duration // what an attempt begun then takes, give or take a fifth

	mu   sync.Mutex
	free []time.Duration // of each slot: when it has worked off all that is in line for it
}

func (q *queue) meet(ctx context.Context, a arrival) fate {
	if !wait(ctx, q.join(a)-a.at) {
		return gone
	}
	return served
}

// join puts the attempt into the line and returns when it will be answered. In
// a line in the order of arrival that is known from the start, so that the
// line needs no goroutines and its pace does not depend on timers.
func (q *queue) join(a arrival) time.Duration {
	share := 0.8 + 0.4*dice(q.seed, q.replica, a).Float64()
	q.mu.Lock()
	defer q.mu.Unlock()
	slot := 0
	for i, at := range q.free {
		if at < q.free[slot] {
			slot = i
		}
	}
	begin := max(q.free[slot], a.at)
	q.free[slot] = begin + time.Duration(share*float64(q.service(begin)))
	return q.free[slot]
}
