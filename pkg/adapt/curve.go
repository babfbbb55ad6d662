package adapt

import "time"

// histogram counts ends by kind and bucket; the counts decay, so they are not whole.
type histogram [kinds][buckets]float64

// weight returns the number of ends.
func (h *histogram) weight() (sum float64) {
	for k := range h {
		for _, n := range &h[k] {
			sum += n
		}
	}
	return sum
}

// scale multiplies all counts.
func (h *histogram) scale(factor float64) {
	for k := range h {
		for i := range h[k] {
			h[k][i] *= factor
		}
	}
}

// curve is the probability that a lone first attempt has been answered by the
// upper edge of each bucket, and what will ever be answered.
type curve struct {
	answered [buckets]float64
	total    float64
}

// doubt is how many attempts, still at risk after the last one that ended, outweigh
// the belief that every attempt is answered in the end.
const doubt = 10

// estimate makes the curve of a histogram, or nil if nothing was answered: in
// each bucket those at risk succeed or fail at the observed rates, those censored
// in it having been at risk for half of it.
//
// What is outstanding after the last end was either about to be answered, when
// hedging left nobody at risk there to see it, or never (silent loss), when many
// were at risk and none was answered. Its share at risk decides.
func (h *histogram) estimate() *curve {
	c := &curve{}
	risk := h.weight()
	outstanding, after := 1.0, risk
	for i := range buckets {
		s, f, lost := h[Success][i], h[Failure][i], h[Censored][i]
		exposed := risk - lost/2
		risk -= s + f + lost
		before := 0.0
		if i > 0 {
			before = c.answered[i-1]
		}
		c.answered[i] = before
		if s+f == 0 || exposed <= 0 {
			continue
		}
		ended := min((s+f)/exposed, 1) * outstanding
		c.answered[i] += ended * s / (s + f)
		outstanding -= ended
		after = max(risk, 0) + lost/2
	}
	seen := c.answered[buckets-1]
	if seen == 0 {
		return nil
	}
	c.total = seen + outstanding*doubt/(after+doubt)
	return c
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
