package adapt

import (
	"sync/atomic"
	"time"
)

// Kind is what an attempt's end tells of its latency.
type Kind uint8

// The kinds.
const (
	Success  Kind = iota // it was answered then
	Failure              // it failed explicitly then, so that another attempt may help
	Censored             // it was still unanswered then: lost, given up or alive at the deadline
)

func (k Kind) String() string { return [...]string{"success", "failure", "censored"}[k] }

const kinds = 3

// recorder counts ends until a tick takes them. Requests meet only in the
// counter of one bucket.
type recorder struct {
	counts [kinds][buckets]atomic.Uint32
}

func (r *recorder) add(k Kind, elapsed time.Duration) {
	r.counts[k][bucketOf(elapsed)].Add(1)
}

// take empties the recorder into h and returns how many ends there were.
func (r *recorder) take(h *histogram) (ends float64) {
	for k := range r.counts {
		for i := range r.counts[k] {
			c := &r.counts[k][i]
			if c.Load() == 0 { // nearly all of them: cheaper than a swap
				continue
			}
			n := float64(c.Swap(0))
			h[k][i] += n
			ends += n
		}
	}
	return ends
}
