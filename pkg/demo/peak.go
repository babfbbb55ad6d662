package demo

import (
	"math/rand/v2"
	"sort"
	"time"
)

// The shape of a replica's peaks: about a tenth of the time, in stretches that
// are long against a call and short against the memory of a person.
const (
	peakShortest  = 300 * time.Millisecond
	peakLongest   = 800 * time.Millisecond
	quietShortest = 2 * time.Second
	quietLongest  = 9 * time.Second
	timelineSpan  = 10 * time.Minute // then it repeats
)

// peak is a stretch of a replica's time in which it misbehaves.
type peak struct {
	from, to time.Duration
}

// holds reports whether the instant is in the peak.
func (p peak) holds(at time.Duration) bool { return p.from <= at && at < p.to }

// timeline is a replica's peaks in order of time, the first timelineSpan of
// them; afterwards they repeat.
type timeline []peak

// newTimeline draws the peaks of one replica. The replicas of a seed peak
// independently of each other, and every strategy meets the same peaks, since
// nothing but the seed and the replica's index goes in.
func newTimeline(seed uint64, replica int) timeline {
	random := rand.New(rand.NewPCG(seed, peakStream|uint64(replica)))
	between := func(least, most time.Duration) time.Duration {
		return least + time.Duration(random.Int64N(int64(most-least)))
	}
	var line timeline
	// The first quiet stretch has begun some time before the start.
	at := between(0, quietLongest)
	for at < timelineSpan {
		end := min(at+between(peakShortest, peakLongest), timelineSpan)
		line = append(line, peak{from: at, to: end})
		at = end + between(quietShortest, quietLongest)
	}
	return line
}

// peaking reports whether the replica is in a peak so long after the start.
func (l timeline) peaking(at time.Duration) bool {
	at %= timelineSpan
	i := sort.Search(len(l), func(i int) bool { return at < l[i].to })
	return i < len(l) && l[i].holds(at)
}

// within returns the peaks that touch [from, to), cut to it and counted from
// its beginning, for the plots.
func (l timeline) within(from, to time.Duration) []peak {
	var cut []peak
	for _, p := range l {
		if p.to > from && p.from < to {
			cut = append(cut, peak{from: max(p.from, from) - from, to: min(p.to, to) - from})
		}
	}
	return cut
}
