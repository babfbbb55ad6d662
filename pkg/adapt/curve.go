package adapt

import (
	"time"
)

// hazards are, for each bucket, the share of the attempts still outstanding at its
// beginning that succeed or fail explicitly within it.
type hazards struct {
	success, failure [buckets]float64
}

// hazards estimates them with the product limit (Kaplan and Meier; with explicit
// failure as a competing risk, Aalen and Johansen): those censored in a bucket were at
// risk for half of it. A prior counts as so many attempts at risk in each bucket; without
// one, half an attempt was at risk in each: the last answer seen does not prove that none
// comes later. The risk that is left is the number of attempts outstanding after the
// last end.
func (w *window) hazards(h, assumed *hazards) (left float64) {
	risk := w.weight
	left = risk
	for i := range buckets {
		s, f, lost := float64(w.success[i]), float64(w.failure[i]), float64(w.censored[i])
		exposed := max(risk-lost/2, s+f)
		risk -= s + f + lost
		if s+f > 0 {
			left = max(risk, 0) + lost/2
		}
		if assumed == nil {
			exposed += 0.5
			h.success[i], h.failure[i] = s/exposed, f/exposed
			continue
		}
		exposed += prior
		h.success[i] = (s + prior*assumed.success[i]) / exposed
		h.failure[i] = (f + prior*assumed.failure[i]) / exposed
	}
	return left
}

// curve is what becomes of an attempt by the upper edge of each bucket: the
// probability that it has been answered, and that it has failed explicitly.
type curve struct {
	answered, failed [buckets]float64
	total            float64 // answered in the end
}

// curve makes the curve of hazards, those of success multiplied by a factor. What
// is outstanding after the last end was either about to be answered, when hedging
// left nobody at risk there to see it, or never (silent loss), when many were at
// risk and none was answered. The number left at risk decides.
func (h *hazards) curve(c *curve, factor, left float64) {
	outstanding, answered, failed := 1.0, 0.0, 0.0
	for i := range buckets {
		if s, f := h.success[i]*factor, h.failure[i]; s+f > 0 {
			if s+f > 1 {
				s, f = s/(s+f), f/(s+f)
			}
			answered += outstanding * s
			failed += outstanding * f
			outstanding -= outstanding * (s + f)
		}
		c.answered[i], c.failed[i] = answered, failed
	}
	c.total = answered + outstanding*prior/(left+prior)
}

// by returns what the values, at upper edgeTable, are at that time.
func by(values *[buckets]float64, t time.Duration) float64 {
	if t <= 0 {
		return 0
	}
	return inBucket(values, t, bucketOf(t))
}

// inBucket is by for a time in that bucket.
func inBucket(values *[buckets]float64, t time.Duration, i int) float64 {
	low, before := time.Duration(0), 0.0
	if i > 0 {
		low, before = edgeTable[i], values[i-1]
	}
	if t >= edgeTable[i+1] {
		return values[i]
	}
	return before + (values[i]-before)*float64(t-low)/float64(edgeTable[i+1]-low)
}

// cut makes the curve that of attempts which are given up at that age: they fail
// explicitly then.
func (c *curve) cut(timeout time.Duration) {
	from := bucketOf(timeout)
	answered := c.answered[from]
	for i := from; i < buckets; i++ {
		c.answered[i], c.failed[i] = answered, 1-answered
	}
	c.total = answered
}

// quantile returns the time by which that share of the attempts that are ever
// answered has been, or the last answer seen if that comes earlier.
func (c *curve) quantile(q float64) time.Duration {
	target, before := q*c.total, 0.0
	last := time.Duration(0)
	for i, by := range &c.answered {
		if by > before {
			low, high := edge(i), edge(i+1)
			if i == 0 {
				low = 0
			}
			if by >= target {
				return low + time.Duration(float64(high-low)*(target-before)/(by-before))
			}
			last = high
		}
		before = by
	}
	return last
}

// median returns the median of answered attempts, or the deadline when more are still
// unanswered than have been answered: a median of so few is none.
func (c *curve) median(deadline time.Duration) time.Duration {
	if last := c.answered[buckets-1]; last < 0.5*(1-c.failed[buckets-1]) {
		return deadline
	}
	return c.quantile(0.5)
}
