package budget

import "time"

// Status is a budget at one instant.
type Status struct {
	Percent      float64 `json:"percent"`
	MinPerSecond float64 `json:"minPerSecond"`
	Tokens       float64 `json:"tokens"`   // in stock
	Capacity     float64 `json:"capacity"` // the largest stock at the present rate of calls
	Calls        uint64  `json:"calls"`    // since the start
	Taken        uint64  `json:"taken"`    // since the start
	Refused      uint64  `json:"refused"`  // since the start
}

// Status returns the budget as it is now.
func (b *Budget) Status(now time.Time) Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	capacity := b.settle(now, slot)
	return Status{
		Percent:      b.settings.Percent,
		MinPerSecond: b.settings.MinPerSecond,
		Tokens:       b.stock,
		Capacity:     capacity,
		Calls:        b.calls.Load(),
		Taken:        b.taken,
		Refused:      b.refused,
	}
}
