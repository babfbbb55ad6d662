package sim

import (
	"fmt"
	"strings"
	"time"

	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/hedge"
)

// static is a strategy that is the same for all calls, but for lots.
type static struct {
	fixed
	choice
}

// choice is what a static plan chooses.
type choice struct {
	hedges  int
	offsets [hedge.MaxFanOut - 1]time.Duration // of the hedges, from the call's beginning
	share   float64                            // of the calls, in which the last hedge is sent
	retries float64                            // the share of failures that are followed by a retry
}

func newStatic(c choice, fanOut int) *static {
	s := &static{fixed: *staggered(fanOut, hedge.Never), choice: c}
	before := time.Duration(0)
	for i, at := range c.offsets[:c.hedges] {
		s.plan.Gaps[i] = at - before
		before = at
	}
	return s
}

func (s *static) admit(_ *adapt.Plan, a hedge.Ask, draw float64, _ time.Time) hedge.Reason {
	share := 1.0
	switch {
	case a.Trigger == hedge.Failure:
		share = s.retries
	case a.Place >= s.hedges-1:
		share = s.share
	}
	if draw >= share {
		return hedge.Draw
	}
	return hedge.Admitted
}

// first is when the first hedge is due. With retries alone only what fails is of interest.
func (c choice) first() time.Duration {
	if c.hedges == 0 {
		return never - 1
	}
	return c.offsets[0]
}

func (c choice) String() string {
	var parts []string
	for i, at := range c.offsets[:c.hedges] {
		text := rounded(at).String()
		if i == c.hedges-1 && c.share < 1 {
			text += fmt.Sprintf(" in %.0f %% of calls", 100*c.share)
		}
		parts = append(parts, text)
	}
	text := "no hedge"
	if len(parts) > 0 {
		text = "hedges after " + strings.Join(parts, ", ")
	}
	if c.retries < 1 {
		text += fmt.Sprintf("; %.0f %% of failures retried", 100*c.retries)
	}
	return text
}
