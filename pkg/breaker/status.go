package breaker

import "time"

// Status is a breaker at one instant.
type Status struct {
	State               State     `json:"-"`
	Successes           uint32    `json:"successes"` // in the window
	Failures            uint32    `json:"failures"`  // in the window
	ConsecutiveFailures uint32    `json:"consecutiveFailures"`
	OpenUntil           time.Time `json:"openUntil,omitzero"` // zero unless open
	Opened              uint64    `json:"opened"`             // times since the start
	Bypassed            uint64    `json:"bypassed"`           // attempts since the start that it did not admit
}

// Status returns the breaker as it is now.
func (b *Breaker) Status() Status {
	c := b.core.Load()
	phase, counts := c.now.Load(), c.gate.Counts()
	return Status{
		State:               phase.at(),
		Successes:           counts.TotalSuccesses,
		Failures:            counts.TotalFailures,
		ConsecutiveFailures: counts.ConsecutiveFailures,
		OpenUntil:           phase.until,
		Opened:              b.opened.Load(),
		Bypassed:            b.bypassed.Load(),
	}
}
