package main

import (
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// timeline is when an endpoint has its random peaks. They are drawn as time goes
// by, each from where the last one ended.
type timeline struct {
	shape shape

	mu       sync.Mutex
	random   *rand.Rand
	from, to time.Time // the peak that is on, or comes next
}

// newTimeline begins a timeline at an instant. The same name and seed give the
// same peaks.
func newTimeline(s shape, name, seed string, begin time.Time) *timeline {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(name + "\x00" + seed)) // a hash takes everything
	l := &timeline{shape: s, random: rand.New(rand.NewPCG(sum.Sum64(), 0)), to: begin}
	l.draw()
	return l
}

// draw moves on to the next peak.
func (l *timeline) draw() {
	l.from = l.to.Add(time.Duration(l.random.ExpFloat64() * float64(l.shape.quiet)))
	l.to = l.from.Add(l.shape.least + time.Duration(l.random.Float64()*float64(l.shape.most-l.shape.least)))
}

// peaking says whether the endpoint is in a peak. Instants are asked about in
// about the order of time: what is over is forgotten.
func (l *timeline) peaking(now time.Time) bool {
	if l.shape.quiet == 0 {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for !now.Before(l.to) {
		l.draw()
	}
	return !now.Before(l.from)
}
