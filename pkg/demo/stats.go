package demo

import (
	"math"
	"slices"
	"time"
)

// end is how one call of the load ended, for its client.
type end uint8

const (
	succeeded  end = iota // 2xx, read to the end before the deadline
	late                  // 2xx, read to the end after the deadline
	failed                // another status
	unanswered            // the connection broke, or the client's patience did
	unsent                // too many calls were in flight
)

// sample is one call of the load.
type sample struct {
	at      time.Duration // when it was due, from the start of the warm-up
	lag     time.Duration // from then to its sending: this machine's own delay
	elapsed time.Duration // from then to its end
	end     end
}

// latency is the time that the call counts with in percentiles: its own if it
// succeeded; otherwise its own or the deadline, whichever is longer. A failure
// that comes fast does not make a strategy look fast.
func (s sample) latency(deadline time.Duration) time.Duration {
	if s.end == succeeded {
		return s.elapsed
	}
	return max(s.elapsed, deadline)
}

// summary is a strategy's row of the comparison.
type summary struct {
	calls, successes int
	p50, p99, p999   time.Duration
	extraLoad        float64       // attempts that arrived at the replicas ÷ calls − 1
	lag              time.Duration // that one call in a hundred was sent late by, or more
}

// successRatio is the share of calls that succeeded within the deadline.
func (s summary) successRatio() float64 {
	if s.calls == 0 {
		return 0
	}
	return float64(s.successes) / float64(s.calls)
}

// summarize makes the row of samples for which so many attempts arrived.
func summarize(samples []sample, attempts int, deadline time.Duration) summary {
	sorted := sortedLatencies(samples, deadline)
	s := summary{
		calls: len(samples),
		p50:   percentile(sorted, 0.50),
		p99:   percentile(sorted, 0.99),
		p999:  percentile(sorted, 0.999),
	}
	lags := make([]time.Duration, 0, len(samples))
	for _, sample := range samples {
		lags = append(lags, sample.lag)
		if sample.end == succeeded {
			s.successes++
		}
	}
	slices.Sort(lags)
	s.lag = percentile(lags, 0.99)
	if s.calls > 0 {
		s.extraLoad = float64(attempts)/float64(s.calls) - 1
	}
	return s
}

// sortedLatencies returns what each sample counts with, in order.
func sortedLatencies(samples []sample, deadline time.Duration) []time.Duration {
	sorted := make([]time.Duration, len(samples))
	for i, s := range samples {
		sorted[i] = s.latency(deadline)
	}
	slices.Sort(sorted)
	return sorted
}

// percentile returns the least latency that a share p of all do not exceed
// (nearest rank, nothing is interpolated), 0 if there are none.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	// The rounding guards against 0.999 × 1000 = 999.0000000000001.
	rank := int(math.Ceil(math.Round(p*float64(len(sorted))*1e6) / 1e6))
	return sorted[max(rank, 1)-1]
}
