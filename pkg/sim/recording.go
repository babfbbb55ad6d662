package sim

import (
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"hedged.dev/hedged/pkg/record"
)

const (
	// sliceCalls is how many calls a slice of a recording has at least, on average.
	sliceCalls = 200
	// leastSlice is the shortest slice.
	leastSlice = time.Second
	// ownCalls is how many first attempts of a slice an endpoint needs for a curve of its own.
	ownCalls = 30
	// leastCalls is how many calls a recording needs.
	leastCalls = 100
)

// FromRecording makes a scenario of a policy's recorded attempts: their rate, and an
// upstream whose endpoints answer, fail and lose first attempts as they did then, in each
// slice of the time. Further attempts do not count, since they were launched when the upstream
// had shown itself slow already. The policy is the default one, with the deadline
// that the recording shows.
func FromRecording(attempts []record.Attempt, policy string) (Scenario, error) {
	var firsts []record.Attempt
	for _, a := range attempts {
		if a.Policy == policy && a.Attempt == 1 {
			firsts = append(firsts, a)
		}
	}
	if len(firsts) < leastCalls {
		return Scenario{}, fmt.Errorf("the recording has %d calls of %s: it takes %d to say anything; record for longer", len(firsts), policy, leastCalls)
	}
	slices.SortStableFunc(firsts, func(a, b record.Attempt) int { return a.Time.Compare(b.Time) })
	lasted := firsts[len(firsts)-1].Time.Sub(firsts[0].Time)
	if lasted <= 0 {
		return Scenario{}, fmt.Errorf("the calls of %s in the recording all began at one instant: its clock is broken", policy)
	}
	s := defaults()
	s.Name = policy
	s.Description = fmt.Sprintf("the upstream of %s, as recorded from %s on", policy, firsts[0].Time.Format(time.RFC3339))
	s.Calls = len(firsts)
	s.Rate = float64(len(firsts)) / lasted.Seconds()
	s.Upstream.recorded = newRecorded(firsts, max(leastSlice, time.Duration(sliceCalls/s.Rate*float64(time.Second))))
	s.Upstream.Endpoints = len(s.Upstream.recorded.endpoints)
	section := mapping(word("deadline"), word(recordedDeadline(firsts).String()))
	r := &reader{place: "recording", marks: map[string]*yaml.Node{"": section}}
	s.Policy = r.compile(section, "policy", s.Upstream.Endpoints)
	return s, r.err()
}

// recordedDeadline is the longest that an attempt went on that the deadline ended, or
// twice the longest of all if there is none.
func recordedDeadline(firsts []record.Attempt) time.Duration {
	longest, ended := 1.0, 0.0
	for i := range firsts {
		longest = max(longest, firsts[i].ElapsedMS)
		if firsts[i].End == record.TimedOut {
			ended = max(ended, firsts[i].ElapsedMS)
		}
	}
	if ended == 0 {
		ended = 2 * longest
	}
	return time.Duration(ended * float64(time.Millisecond)).Round(time.Millisecond)
}

// recorded is an upstream as a recording shows it.
type recorded struct {
	endpoints []string
	slice     time.Duration
	slices    []recordedSlice
	whole     *curve
}

// recordedSlice is a stretch of a recording.
type recordedSlice struct {
	own []*curve // of each endpoint; nil: it had too few attempts
	all *curve
}

func newRecorded(firsts []record.Attempt, slice time.Duration) *recorded {
	m := &recorded{slice: slice, whole: newCurve(firsts)}
	for i := range firsts {
		if place, ok := slices.BinarySearch(m.endpoints, firsts[i].Endpoint); !ok {
			m.endpoints = slices.Insert(m.endpoints, place, firsts[i].Endpoint)
		}
	}
	end := firsts[0].Time.Add(slice)
	for len(firsts) > 0 {
		count := 0
		for count < len(firsts) && firsts[count].Time.Before(end) {
			count++
		}
		m.slices = append(m.slices, m.newSlice(firsts[:count]))
		firsts, end = firsts[count:], end.Add(slice)
	}
	return m
}

func (m *recorded) newSlice(firsts []record.Attempt) recordedSlice {
	s := recordedSlice{all: newCurve(firsts), own: make([]*curve, len(m.endpoints))}
	byEndpoint := make([][]record.Attempt, len(m.endpoints))
	for _, a := range firsts {
		i, _ := slices.BinarySearch(m.endpoints, a.Endpoint)
		byEndpoint[i] = append(byEndpoint[i], a)
	}
	for i, own := range byEndpoint {
		if len(own) >= ownCalls {
			s.own[i] = newCurve(own)
		}
	}
	return s
}

// fate draws what becomes of an attempt. After its end the recording begins anew. What
// lasts longer than any attempt of the endpoint was waited for goes on as those of the
// slice, and then as those of the whole recording, as far as that goes.
func (m *recorded) fate(endpoint uint16, now int64, lot float64) (fate, int64) {
	s := &m.slices[int(now/int64(m.slice))%len(m.slices)]
	waited := int64(-1)
	for _, c := range [...]*curve{s.own[endpoint], s.all, m.whole} {
		if c == nil {
			continue
		}
		before := c.by(waited)
		within := before + lot*(1-before)
		if what, took, ok := c.at(within); ok {
			return what, max(took, waited)
		}
		lot = (within - c.ended()) / (1 - c.ended()) // spread out again over what is left
		waited = max(waited, c.longest)
	}
	return silent, 0
}
