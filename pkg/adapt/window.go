package adapt

import (
	"math"
	"time"
)

// window is ends of first attempts that are forgotten exponentially: those that
// succeeded, those that failed explicitly, and those that only outlived their age.
type window struct {
	success, failure, censored [buckets]float32
	weight                     float64 // the sum of all
}

// add takes up what was counted.
func (w *window) add(c *counts) {
	sum := 0.0
	for i := range buckets {
		s, f, l := c[Success][i], c[Failure][i], c[Censored][i]+c[Expired][i]
		w.success[i] += s
		w.failure[i] += f
		w.censored[i] += l
		sum += float64(s + f + l)
	}
	w.weight += sum
}

// scale multiplies all counts.
func (w *window) scale(factor float64) {
	by := float32(factor)
	for i := range buckets {
		w.success[i] *= by
		w.failure[i] *= by
		w.censored[i] *= by
	}
	w.weight *= factor
}

// fade forgets with a time constant, but never to below so many ends, those that
// are about to be added counted.
func (w *window) fade(passed, memory time.Duration, least float64) {
	if w.weight == 0 {
		return
	}
	kept := math.Exp(-passed.Seconds() / memory.Seconds())
	w.scale(min(max(kept, least/w.weight), 1))
}
