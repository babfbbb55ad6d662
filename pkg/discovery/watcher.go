package discovery

import (
	"slices"
	"sync"
	"time"
)

// burst is how long additions may wait for more of them: a Deployment that is
// scaled up changes its EndpointSlices many times within a moment.
const burst = 25 * time.Millisecond

// watcher is one Watch.
type watcher struct {
	look func() (s Set, known bool) // what there is to tell now

	mu      sync.Mutex // held while update runs: one call at a time, none after stop
	update  func(Set)
	told    bool // whether update was called
	last    Set  // what it was called with
	late    *time.Timer
	stopped bool
}

// changed tells what there is to tell now. What only adds endpoints may wait.
func (w *watcher) changed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	next, known := w.look()
	switch {
	case w.stopped || !known:
	case !w.told || !next.sameProblem(w.last) || next.lacks(w.last):
		w.tell(next)
	case !next.Equal(w.last) && w.late == nil:
		w.late = time.AfterFunc(burst, w.settled)
	}
}

func (w *watcher) settled() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = nil
	if next, _ := w.look(); !w.stopped && !next.Equal(w.last) {
		w.tell(next)
	}
}

// tell hands out a set. It is called with the lock held.
func (w *watcher) tell(s Set) {
	if w.late != nil {
		w.late.Stop() // if it fires all the same, it finds nothing new
		w.late = nil
	}
	w.told, w.last = true, s
	w.update(s)
}

func (w *watcher) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	if w.late != nil {
		w.late.Stop()
	}
}

// audience is who watches what.
type audience[K comparable] struct {
	mu sync.Mutex
	of map[K][]*watcher
}

func (a *audience[K]) add(k K, w *watcher) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = map[K][]*watcher{}
	}
	a.of[k] = append(a.of[k], w)
}

func (a *audience[K]) remove(k K, w *watcher) {
	a.mu.Lock()
	defer a.mu.Unlock()
	// Not in place: changed may be walking through it.
	a.of[k] = slices.DeleteFunc(slices.Clone(a.of[k]), func(o *watcher) bool { return o == w })
	if len(a.of[k]) == 0 {
		delete(a.of, k)
	}
}

// changed tells those who watch k.
func (a *audience[K]) changed(k K) {
	a.mu.Lock()
	watchers := a.of[k]
	a.mu.Unlock()
	for _, w := range watchers {
		w.changed()
	}
}

// all tells everybody.
func (a *audience[K]) all() {
	a.mu.Lock()
	var watchers []*watcher
	for _, of := range a.of {
		watchers = append(watchers, of...)
	}
	a.mu.Unlock()
	for _, w := range watchers {
		w.changed()
	}
}
