package adapt

import (
	"fmt"
	"strconv"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// enough is the number of first attempts below which nothing has been learned.
const enough = 50

// fairWaits is how many medians an attempt is given before losing counts as slow.
const fairWaits = 3

// Plan is what calls do until the next plan, and why. It is immutable.
type Plan struct {
	hedge.Plan
	// FairWait is the age from which a lost attempt speaks against its endpoint:
	// three medians of answered attempts, half the deadline until they are known.
	FairWait time.Duration
	Stagger  time.Duration // the gap between attempts
	Learned  bool          // whether enough first attempts have been observed
	Reason   string        // how the stagger came about, in words and figures
	Samples  float64       // first attempts that it rests on, the older ones counting less
	// P50 and P99 are quantiles of answered attempts; 0 until learned.
	P50, P99 time.Duration
}

// makePlan makes the plan of the settings and, if there is one, the curve.
func makePlan(s *Settings, c *curve, samples float64) *Plan {
	p := &Plan{Samples: samples, FairWait: s.Deadline / 2}
	p.FanOut = min(max(s.FanOut, 1), hedge.MaxFanOut)
	p.AttemptTimeout = s.AttemptTimeout
	if c != nil {
		p.Learned = true
		p.P50, p.P99 = c.quantile(0.5), c.quantile(0.99)
		p.FairWait = fairWaits * p.P50
		p.LeastRemaining = c.quantile(0.05)
	}
	p.Stagger, p.Reason = s.stagger(c, samples)
	for i := range p.FanOut - 1 {
		p.Gaps[i] = p.Stagger
	}
	return p
}

// stagger returns the gap between attempts and the reason for it.
func (s *Settings) stagger(c *curve, samples float64) (time.Duration, string) {
	if s.FanOut <= 1 {
		return 0, "fan-out is 1: no further attempt"
	}
	if s.Mode == Fixed {
		return s.Fixed, fmt.Sprintf("fixed: stagger %v", s.Fixed)
	}
	if c == nil {
		stagger, binding := s.bound(s.initial())
		return stagger, fmt.Sprintf("initial: %.0f first attempts observed, too few or none answered (needs %d); stagger %v%s",
			samples, enough, stagger, bindingWords(binding, s.initial()))
	}
	found := c.quantile(s.Quantile)
	stagger, binding := s.bound(found)
	return stagger, fmt.Sprintf("quantile: p%s of answered attempts, from %.0f samples; stagger %v%s",
		percent(s.Quantile), samples, round(stagger), bindingWords(binding, found))
}

func bindingWords(binding string, instead time.Duration) string {
	if binding == "" {
		return ""
	}
	return fmt.Sprintf(" (%s binds, else %v)", binding, round(instead))
}

// percent writes 0.95 as 95 and 0.999 as 99.9.
func percent(q float64) string { return strconv.FormatFloat(q*100, 'g', 6, 64) }

// round leaves the digits that mean something.
func round(d time.Duration) time.Duration { return d.Round(max(d/1000, 1)) }
