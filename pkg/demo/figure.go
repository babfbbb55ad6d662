package demo

import (
	"fmt"
	"time"
)

// figure is what a scenario shows of each strategy beside what every scenario
// does.
type figure struct {
	key   string // in JSON
	title string // of the column
	means string // below the table
	more  bool   // better is more
	value func(c *comparison, r *result) float64
	write func(value float64) string
}

// quickBound is an answer's time that nobody minds, on an upstream whose slow
// answers take more than twice as long.
const quickBound = 100 * time.Millisecond

// quick is the share of calls that were answered well within the deadline.
func quick() figure {
	return figure{
		key: "within_100_ms", title: "in 100 ms", means: "in 100 ms: 2xx, read to the end, within 100ms",
		more: true, write: inPercent,
		value: func(_ *comparison, r *result) float64 {
			count := 0
			for _, s := range r.samples {
				if s.end == succeeded && s.elapsed <= quickBound {
					count++
				}
			}
			return float64(count) / float64(max(len(r.samples), 1))
		},
	}
}

// onTimeOfNone compares the calls in time with those without a second attempt.
func onTimeOfNone() figure {
	return figure{
		key: "in_time_of_none", title: "÷ none", means: "÷ none: the figure to the left ÷ that of none",
		more: true, write: asRatio,
		value: func(c *comparison, r *result) float64 {
			return ofNone(c, r, func(r *result) float64 { return r.successRatio() })
		},
	}
}

// lastMiss is when the upstream has recovered, as its clients see it.
func lastMiss() figure {
	return figure{
		key: "last_miss_s", title: "last miss", means: "last miss: when the last call was due that missed it, from the start of the brown-out",
		value: lastMissOf,
		write: func(seconds float64) string { return fmt.Sprintf("%.1f s", seconds) },
	}
}

// lastMissOfNone compares that with recovery without a second attempt.
func lastMissOfNone() figure {
	return figure{
		key: "last_miss_of_none", title: "÷ none", write: asRatio,
		value: func(c *comparison, r *result) float64 {
			return ofNone(c, r, func(r *result) float64 { return lastMissOf(c, r) })
		},
	}
}

// lastMissOf returns the seconds from the start of the trouble to the instant at
// which the last call was due that missed its deadline; 0 if none did.
func lastMissOf(c *comparison, r *result) float64 {
	var last time.Duration
	for _, s := range r.samples {
		if s.end != succeeded {
			last = max(last, s.at-c.trouble().from)
		}
	}
	return last.Seconds()
}

// ofNone returns a value as a multiple of what it is without a second attempt:
// 1 when both are 0, and 0 when it is not known.
func ofNone(c *comparison, r *result, value func(*result) float64) float64 {
	none := c.variants("none")
	if len(none) == 0 {
		return 0
	}
	switch is, was := value(r), value(&none[0]); {
	case is == was:
		return 1
	case was == 0:
		return 0
	default:
		return is / was
	}
}

func inPercent(share float64) string { return fmt.Sprintf("%.3f %%", 100*share) }

func asRatio(value float64) string { return fmt.Sprintf("%.2f", value) }
