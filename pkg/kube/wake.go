package kube

import "sync/atomic"

// wake tells a loop that there may be something to do. Calls before the loop
// looks count as one.
type wake struct {
	pending chan struct{}
	ever    atomic.Bool
}

func newWake() *wake { return &wake{pending: make(chan struct{}, 1)} }

// Wake has what is to be written compared with what is written. It never waits.
// Before the first call nothing is written: what there is to say is not known yet.
func (w *wake) Wake() {
	w.ever.Store(true)
	select {
	case w.pending <- struct{}{}:
	default:
	}
}

// begin wakes a loop that starts, if it is known by now what there is to say:
// somebody else may have written meanwhile.
func (w *wake) begin() {
	if w.ever.Load() {
		w.Wake()
	}
}
