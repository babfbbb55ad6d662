package adapt

import (
	"math"
	"time"
)

// hazards are, for each bucket, the share of the attempts still outstanding at its
// beginning that succeed or fail explicitly within it.
type hazards struct {
	success, failure [buckets]float64
}

const (
	// doubt is how many attempts, still at risk after the last one that ended,
	// outweigh the belief that every attempt is answered in the end.
	doubt = 10
	// unseen is a share of an attempt that is taken to have been at risk in every
	// bucket: the last answer seen does not prove that there is none later.
	unseen = 0.5
)

// hazards estimates them with the product limit (Kaplan and Meier; with explicit
// failure as a competing risk, Aalen and Johansen): those censored in a bucket were
// at risk for half of it. A prior counts as so many attempts at risk in each bucket.
// The risk that is left is the number of attempts outstanding after the last end.
func (w *window) hazards(h, prior *hazards, weight float64) (left float64) {
	risk := w.weight
	left = risk
	for i := range buckets {
		s, f, lost := float64(w.success[i]), float64(w.failure[i]), float64(w.censored[i])
		exposed := max(risk-lost/2, s+f) + unseen
		risk -= s + f + lost
		if s+f > 0 {
			left = max(risk, 0) + lost/2
		}
		if prior == nil {
			h.success[i], h.failure[i] = s/exposed, f/exposed
			continue
		}
		exposed += weight
		h.success[i] = (s + weight*prior.success[i]) / exposed
		h.failure[i] = (f + weight*prior.failure[i]) / exposed
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
	c.total = answered + outstanding*doubt/(left+doubt)
}

// by returns what the values, at upper edges, are at that time.
func by(values *[buckets]float64, t time.Duration) float64 {
	if t <= 0 {
		return 0
	}
	i := bucketOf(t)
	low, before := time.Duration(0), 0.0
	if i > 0 {
		low, before = edge(i), values[i-1]
	}
	if t >= edge(i+1) {
		return values[i]
	}
	return before + (values[i]-before)*float64(t-low)/float64(edge(i+1)-low)
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

// probability keeps a share within what n observations can tell from 0 and 1.
func probability(p, n float64) float64 {
	least := 1 / (2*n + 2)
	return min(max(p, least), 1-least)
}

// unlike returns by how many standard deviations two shares differ, each known
// from so many observations.
func unlike(p, n, q, m float64) float64 {
	if n == 0 || m == 0 {
		return 0
	}
	pooled := probability((p*n+q*m)/(n+m), n+m)
	return math.Abs(p-q) / math.Sqrt(pooled*(1-pooled)*(1/n+1/m))
}
