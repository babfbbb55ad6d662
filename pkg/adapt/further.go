package adapt

import (
	"math"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

const (
	conditionalMemory = 10 * time.Second
	conditionalRest   = 15 * time.Minute // while there are few to go by
	conditionalLeast  = 50               // expected successes, which only rest takes away
	conditionalPrior  = 10               // successes, and as many expected ones
	conditionalMost   = 1.5              // a further attempt is hardly better than a first one
	efficacyMemory    = time.Second
	efficacyPrior     = 20 // ended attempts that succeed as first ones do
)

// further is how further attempts do beside what first ones of the same age would.
type further struct {
	observed, expected [triggers]float64 // successes
	good, ended        float64           // attempts that ended by themselves
}

// take adds a tick's ends. The hazard is that of success of first attempts, summed
// up to each bucket's end.
func (f *further) take(e *ends, hazard *[buckets]float64, passed time.Duration) {
	recent := decay(passed, efficacyMemory)
	f.good *= recent
	f.ended *= recent
	for _, t := range [...]hedge.Trigger{hedge.Stagger, hedge.Failure} {
		kept := decay(passed, conditionalMemory)
		if x := f.expected[t]; x*kept < conditionalLeast {
			kept = max(kept, min(1, conditionalLeast/max(x, 1))*decay(passed, conditionalRest))
		}
		f.observed[t] *= kept
		f.expected[t] *= kept
		before := 0.0
		for i := range buckets {
			mean := (before + hazard[i]) / 2
			before = hazard[i]
			s, x := float64(e[t][Success][i]), float64(e[t][Expired][i])
			failed := float64(e[t][Failure][i])
			all := s + x + failed + float64(e[t][Censored][i])
			if all == 0 {
				continue
			}
			f.observed[t] += s
			f.expected[t] += all * mean
			// One that had no time to succeed says nothing by not doing so.
			f.good += s
			f.ended += s + failed + x*min(mean, 1)
		}
	}
}

// conditional returns how much likelier than a first attempt a further one
// succeeds: below 1 when what ails the one ails the other.
func (f *further) conditional(t hedge.Trigger) float64 {
	return min(conditionalMost, (f.observed[t]+conditionalPrior)/(f.expected[t]+conditionalPrior))
}

const (
	alone    = 0.95 // of a first attempt's success, from which a hedge's failings are its own
	together = 0.65 // below which what slows the one slows the other
	probing  = 0.03 // of the budget is spent all the same, to see when that changes
)

// independence returns how far hedges are spared what ails first attempts, 0 to 1.
// Where requests queue, an attempt that is sent because another one waits has to
// wait as well, long before the median shows it. What chance may have done to few of
// them is in their favour.
func (f *further) independence() float64 {
	doubt := 1 / math.Sqrt(f.expected[hedge.Stagger]+conditionalPrior)
	return min(1, max(probing, (f.conditional(hedge.Stagger)+doubt-together)/(alone-together)))
}

// efficacy returns the share of further attempts that succeed, those that lost to
// another one left out. First attempts' share stands in while there are few.
func (f *further) efficacy(first float64) float64 {
	return (f.good + efficacyPrior*first) / (f.ended + efficacyPrior)
}
