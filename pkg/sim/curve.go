package sim

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"hedged.dev/hedged/pkg/record"
)

// curve is the probability with which an attempt has been answered or has failed
// by a time, estimated with the product limit (Kaplan–Meier; answers and failures compete,
// Aalen–Johansen): an attempt that was given up is known to take longer than it
// lived, and counts among those at risk until then.
type curve struct {
	steps   []curveStep
	longest int64 // that an attempt was waited for
}

// curveStep is an instant at which attempts ended.
type curveStep struct {
	by     float64 // the probability of an end by then
	took   int64
	failed bool
}

func newCurve(attempts []record.Attempt) *curve {
	sorted := slices.Clone(attempts)
	// At one instant ends come before what was given up then.
	slices.SortStableFunc(sorted, func(a, b record.Attempt) int {
		return cmp.Or(cmp.Compare(a.ElapsedMS, b.ElapsedMS), cmp.Compare(rank(a.End), rank(b.End)))
	})
	c := &curve{}
	outstanding := 1.0
	for i, a := range sorted {
		c.longest = int64(a.ElapsedMS * float64(time.Millisecond))
		if rank(a.End) == givenUp {
			continue
		}
		outstanding *= 1 - 1/float64(len(sorted)-i)
		c.steps = append(c.steps, curveStep{by: 1 - outstanding, took: c.longest, failed: rank(a.End) == hasFailed})
	}
	return c
}

// What a recorded end tells.
const (
	wasAnswered = iota
	hasFailed
	givenUp
)

func rank(end string) int {
	switch end {
	case record.Won:
		return wasAnswered
	case record.Failed, record.Rejected:
		return hasFailed
	default:
		return givenUp
	}
}

// at returns what ends with that probability; ok is false for what had not ended when
// the last attempt was given up.
func (c *curve) at(lot float64) (what fate, took int64, ok bool) {
	i := sort.Search(len(c.steps), func(i int) bool { return c.steps[i].by >= lot })
	if i == len(c.steps) {
		return silent, 0, false
	}
	if c.steps[i].failed {
		return failing, c.steps[i].took, true
	}
	return answered, c.steps[i].took, true
}

// ended is the probability of an end at all, as far as it is known.
func (c *curve) ended() float64 {
	if len(c.steps) == 0 {
		return 0
	}
	return c.steps[len(c.steps)-1].by
}

// by is the probability of an end by that time.
func (c *curve) by(took int64) float64 {
	i := sort.Search(len(c.steps), func(i int) bool { return c.steps[i].took > took })
	if i == 0 {
		return 0
	}
	return c.steps[i-1].by
}
