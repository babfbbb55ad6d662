package load

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Failure is a call that failed.
type Failure struct {
	At   time.Time     `json:"at"`   // when it was due
	Took time.Duration `json:"took"` // until it failed
	What string        `json:"what"`
}

// Result is what became of a target's calls.
type Result struct {
	Target   string    `json:"target"`
	Calls    int       `json:"calls"`
	Resent   int       `json:"resent,omitempty"`  // sent once more by the client
	Starved  int       `json:"starved,omitempty"` // taken out: late while the machine was starved
	Failures []Failure `json:"failures,omitempty"`
	// P50, P99 and Max are of the calls that succeeded, from the instant that they
	// were due.
	P50 time.Duration `json:"p50"`
	P99 time.Duration `json:"p99"`
	Max time.Duration `json:"max"`
}

// Success is the share of calls that succeeded.
func (r Result) Success() float64 {
	if r.Calls == 0 {
		return 0
	}
	return 1 - float64(len(r.Failures))/float64(r.Calls)
}

// Between counts the failures of calls that were due in an interval.
func (r Result) Between(from, to time.Time) int {
	n := 0
	for _, f := range r.Failures {
		if !f.At.Before(from) && f.At.Before(to) {
			n++
		}
	}
	return n
}

// excuse takes out the calls that were late while the machine was starved.
func (r *Result) excuse(deadline time.Duration, m *machine) {
	before := len(r.Failures)
	r.Failures = slices.DeleteFunc(r.Failures, func(f Failure) bool {
		return f.Took >= deadline && m.withheld(f.At, f.At.Add(f.Took)) >= starved
	})
	r.Starved = before - len(r.Failures)
	r.Calls -= r.Starved
}

func (r Result) String() string {
	text := fmt.Sprintf("%s: %d calls, %d failed (%.3f %% succeeded), p50 %v, p99 %v, max %v",
		r.Target, r.Calls, len(r.Failures), 100*r.Success(), short(r.P50), short(r.P99), short(r.Max))
	if r.Resent > 0 {
		text += fmt.Sprintf(", %d sent once more", r.Resent)
	}
	text += r.StarvedText()
	return text
}

// StarvedText says how many calls were taken out, if any were.
func (r Result) StarvedText() string {
	if r.Starved == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d late while the machine was starved)", r.Starved)
}

func short(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// Tell is the first failures, one a line, counted from an instant.
func (r Result) Tell(from time.Time, most int) string {
	var lines []string
	for _, f := range r.Failures[:min(most, len(r.Failures))] {
		lines = append(lines, fmt.Sprintf("  %7.3f s  %s", f.At.Sub(from).Seconds(), f.What))
	}
	if rest := len(r.Failures) - len(lines); rest > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more", rest))
	}
	return strings.Join(lines, "\n")
}

// tally counts while calls are under way.
type tally struct {
	target *Target

	mu       sync.Mutex
	inFlight int
	took     []time.Duration
	failures []Failure
}

func (t *tally) enter() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inFlight == maxInFlight {
		return false
	}
	t.inFlight++
	return true
}

func (t *tally) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight--
}

func (t *tally) succeeded(took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.took = append(t.took, took)
}

func (t *tally) failed(at time.Time, took time.Duration, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, Failure{At: at, Took: took, What: what})
}

func (t *tally) result() Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := Result{
		Target: t.target.Name, Calls: len(t.took) + len(t.failures), Resent: t.target.Resent(),
		Failures: slices.Clone(t.failures),
	}
	slices.SortFunc(r.Failures, func(a, b Failure) int { return a.At.Compare(b.At) })
	if took := slices.Sorted(slices.Values(t.took)); len(took) > 0 {
		at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))] }
		r.P50, r.P99, r.Max = at(0.5), at(0.99), took[len(took)-1]
	}
	return r
}
