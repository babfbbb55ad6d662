package adapt

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// memory is the time constant with which the curves forget: a busy policy
	// follows a shift within seconds.
	memory = 5 * time.Second
	// leastMemory is the number of samples that time does not take away: a quiet
	// policy needs longer than that to see its 99th percentile at all.
	leastMemory = 1000
)

// Learner makes the plans of one policy and upstream. It is safe for concurrent use.
type Learner struct {
	recorder recorder
	plan     atomic.Pointer[Plan]

	mu       sync.Mutex // guards what follows; never taken by a request
	settings Settings
	curves   histogram
	samples  float64   // the weight of curves
	observed uint64    // first attempts since the start
	ticked   time.Time // the last tick that observed something
}

// New returns a learner that has learned nothing.
func New(s Settings) *Learner {
	l := &Learner{settings: s}
	l.publish()
	return l
}

// Update puts other settings in force at once. What was learned stays.
func (l *Learner) Update(s Settings) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settings = s
	l.publish()
}

// Observe counts the end of an attempt of that age. It costs one atomic addition.
func (l *Learner) Observe(first bool, k Kind, elapsed time.Duration) {
	if first {
		l.recorder.add(k, elapsed)
	}
}

// Plan returns the plan in force, never nil.
func (l *Learner) Plan() *Plan { return l.plan.Load() }

// Tick takes up what was observed since the last tick and publishes the plan
// that follows. It reports whether calls will now do something else. A tick that
// finds nothing forgets nothing either: an idle policy keeps what it learned.
func (l *Learner) Tick(now time.Time) (changed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var recent histogram
	ends := l.recorder.take(&recent)
	if ends == 0 {
		return false
	}
	l.forget(now, ends)
	for k := range recent {
		for i, n := range &recent[k] {
			l.curves[k][i] += n
		}
	}
	l.samples += ends
	l.observed += uint64(ends)
	return l.publish()
}

// forget makes what was learned before weigh less, as time has passed.
func (l *Learner) forget(now time.Time, ends float64) {
	passed := now.Sub(l.ticked)
	l.ticked = now
	if l.samples == 0 {
		return
	}
	kept := math.Exp(-passed.Seconds() / memory.Seconds())
	kept = min(max(kept, (leastMemory-ends)/l.samples), 1)
	l.curves.scale(kept)
	l.samples *= kept
}

// publish makes the plan and reports whether it differs from the one before.
func (l *Learner) publish() (changed bool) {
	var c *curve
	if l.observed >= enough {
		c = l.curves.estimate()
	}
	next, before := makePlan(&l.settings, c, l.samples), l.plan.Load()
	l.plan.Store(next)
	return before == nil || next.Plan != before.Plan || next.FairWait != before.FairWait
}
