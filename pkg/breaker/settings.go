package breaker

import (
	"time"

	"github.com/sony/gobreaker/v2"
)

// Settings say when a breaker opens and how it closes again.
type Settings struct {
	// ConsecutiveFailures opens the breaker when as many failures follow each
	// other, neutral marks left out. 0 turns this rule off.
	ConsecutiveFailures uint32
	// FailureRatio opens the breaker when failures ÷ (successes + failures) in
	// the window reach it, given MinAttempts of them. 0 turns this rule off.
	FailureRatio float64
	// MinAttempts is the least number of successes and failures in the window
	// that the ratio is judged on.
	MinAttempts uint32
	// Window is how long a mark counts, rolled on by tenths. 0: for ever.
	Window time.Duration
	// OpenFor is how long the breaker refuses before it lets probes through.
	// 0: gobreaker's minute.
	OpenFor time.Duration
	// HalfOpenAttempts is how many probes may be out at once, and how many must
	// succeed in a row, before the breaker closes. 0 counts as 1.
	HalfOpenAttempts uint32
}

// slices is the number of steps in which the window rolls on.
const slices = 10

// trips reports whether the breaker opens at these counts.
func (s *Settings) trips(c gobreaker.Counts) bool {
	if s.ConsecutiveFailures > 0 && c.ConsecutiveFailures >= s.ConsecutiveFailures {
		return true
	}
	judged := c.TotalSuccesses + c.TotalFailures // not Requests: neutral marks do not dilute (P2)
	return s.FailureRatio > 0 && judged >= s.MinAttempts &&
		float64(c.TotalFailures) >= s.FailureRatio*float64(judged)
}

// sameShape reports whether o can be put in force without rebuilding gobreaker.
func (s *Settings) sameShape(o *Settings) bool {
	return s.Window == o.Window && s.OpenFor == o.OpenFor && s.HalfOpenAttempts == o.HalfOpenAttempts
}
