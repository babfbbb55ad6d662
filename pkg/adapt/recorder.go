package adapt

import (
	"sync/atomic"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// Kind is what an attempt's end tells of its latency.
type Kind uint8

// The kinds.
const (
	Success  Kind = iota // it was answered then
	Failure              // it failed explicitly then, so that another attempt may help
	Censored             // it was given up then, unanswered, because another attempt won or the client had gone
	Expired              // it was still unanswered then, when the deadline or the attempt timeout ended it
)

func (k Kind) String() string { return [...]string{"success", "failure", "censored", "expired"}[k] }

const (
	kinds    = 4
	triggers = 3
)

// recorder counts ends until a tick takes them. Requests meet only in the
// counter of one bucket.
type recorder struct {
	counts [triggers][kinds][buckets]atomic.Uint32
}

func (r *recorder) add(t hedge.Trigger, k Kind, elapsed time.Duration) {
	r.counts[t][k][bucketOf(elapsed)].Add(1)
}

// ends are what a recorder counted, by trigger.
type ends [triggers]counts

// counts are ends by kind and bucket.
type counts [kinds][buckets]float32

// take empties the recorder into e and returns how many ends of first attempts
// and of further ones there were.
func (r *recorder) take(e *ends) (first, further int) {
	for t := range r.counts {
		n := 0
		for k := range r.counts[t] {
			for i := range r.counts[t][k] {
				c := &r.counts[t][k][i]
				if c.Load() == 0 { // nearly all of them: cheaper than a swap
					continue
				}
				taken := c.Swap(0)
				e[t][k][i] += float32(taken)
				n += int(taken)
			}
		}
		if hedge.Trigger(t) == hedge.Initial {
			first = n
		} else {
			further += n
		}
	}
	return first, further
}
