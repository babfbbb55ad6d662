package adapt

import (
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// evidence is how further attempts do beside first ones: how many succeeded, and how
// many first attempts would have, had they lived as long.
type evidence struct {
	succeeded, expected [triggers]float64
}

// take adds a tick's ends. The hazard is that of success of first attempts, summed up
// to each bucket's end; moved says how sure it is that the median has moved lately.
//
// A tick counts for few expected successes, however many there were: all the attempts
// that one stall of the upstream or of the daemon delays are one event. While the median
// has moved, what was learned is kept for long, because it was learned of this state.
func (e *evidence) take(ends *ends, hazard *[buckets]float64, moved float64, passed time.Duration) {
	for _, t := range [...]hedge.Trigger{hedge.Stagger, hedge.Failure} {
		kept := decay(time.Duration((1-moved)*float64(passed)), slowMemory) * decay(passed, evidenceMemory)
		kept = min(kept, evidenceMost/max(e.expected[t], 1))
		succeeded, expected := ends[t].against(hazard, missingChance(t, moved))
		part := min(1, evidencePerTick/max(expected, evidencePerTick))
		e.succeeded[t] = kept*e.succeeded[t] + part*succeeded
		e.expected[t] = kept*e.expected[t] + part*expected
	}
}

// missingChance says how far an explicit failure counts as an attempt that had all its
// chance. A retry that fails did. A hedge that fails is just a loss, unless the upstream
// has slowed: then it may be turning requests away.
func missingChance(t hedge.Trigger, moved float64) float64 {
	if t == hedge.Failure {
		return 1
	}
	return moved
}

// against returns how many attempts succeeded, and how many were expected to.
func (c *counts) against(hazard *[buckets]float64, failures float64) (succeeded, expected float64) {
	before := 0.0
	for i := range buckets {
		chance := (before + hazard[i]) / 2
		before = hazard[i]
		s, f := float64(c[Success][i]), float64(c[Failure][i])
		all := s + f + float64(c[Censored][i]+c[Expired][i])
		if all == 0 {
			continue
		}
		succeeded += s
		expected += all*chance + f*failures*max(0, 1-chance)
	}
	return succeeded, expected
}

// conditional returns the success of further attempts ÷ that of first ones of the same
// age: below 1 when what ails the one ails the other. Before anything is known it is 1,
// and less where the median has moved: hedges have to prove themselves there.
func (e *evidence) conditional(t hedge.Trigger, moved float64) float64 {
	assumed := 1 - moved*doubt
	return (e.succeeded[t] + prior*assumed) / (e.expected[t] + prior)
}

// help returns from 0 to 1 how surely hedges succeed by themselves.
func (e *evidence) help(moved float64) float64 {
	return clamp((e.conditional(hedge.Stagger, moved) - harms) / (helps - harms))
}

// proof returns from 0 to 1 how much there is to go by.
func (e *evidence) proof() float64 {
	return min(1, e.expected[hedge.Stagger]/enough)
}

func clamp(x float64) float64 { return min(1, max(0, x)) }
