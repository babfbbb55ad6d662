package adapt

import (
	"math"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// even is the summed hazard of first attempts of which half would have succeeded by each
// age: every bucket has the same, so that it is known what is expected.
func even(h float64) *[buckets]float64 {
	var sum [buckets]float64
	for i := range sum {
		sum[i] = h
	}
	return &sum
}

// tell has the evidence take a tick with so many ends of a trigger's attempts.
func (e *evidence) tell(t hedge.Trigger, moved float64, passed time.Duration, kinds map[Kind]float32) {
	var all ends
	for k, n := range kinds {
		all[t][k][100] = n
	}
	e.take(&all, even(1), moved, passed)
}

func equal(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-6*math.Max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// With a hazard of 1 by the age of all, one attempt is one expected success.
func TestATickCountsForFewExpectedSuccesses(t *testing.T) {
	f := func(successes, lost float32, succeeded, expected float64) {
		t.Helper()
		var e evidence
		e.tell(hedge.Stagger, 0, tick, map[Kind]float32{Success: successes, Censored: lost})
		equal(t, "expected", e.expected[hedge.Stagger], expected)
		equal(t, "succeeded", e.succeeded[hedge.Stagger], succeeded)
		equal(t, "retries expected", e.expected[hedge.Failure], 0)
	}
	f(1, 1, 1, 2)
	f(evidencePerTick, 0, evidencePerTick, evidencePerTick)
	f(500, 500, evidencePerTick/2.0, evidencePerTick)
	f(0, 1000, 0, evidencePerTick)
	f(0, 0, 0, 0)
}

// An age tells what is expected: a hedge that was given up young says little.
func TestExpectedGoesByTheAge(t *testing.T) {
	var rising [buckets]float64
	for i := range rising {
		rising[i] = float64(i) / buckets
	}
	at := func(bucket int) float64 {
		var all ends
		var e evidence
		all[hedge.Stagger][Censored][bucket] = 1
		e.take(&all, &rising, 0, tick)
		return e.expected[hedge.Stagger]
	}
	equal(t, "expected of a young one", at(1), (rising[0]+rising[1])/2)
	equal(t, "expected of an old one", at(300), (rising[299]+rising[300])/2)
}

// An explicit failure of a retry had all its chance. Of a hedge it is a loss like any
// other, unless the median has moved.
func TestExplicitFailuresCountTheirMissingChance(t *testing.T) {
	f := func(trigger hedge.Trigger, moved, want float64) {
		t.Helper()
		var all ends
		var e evidence
		all[trigger][Failure][100] = 1
		e.take(&all, even(0.25), moved, 0)
		equal(t, "expected of one "+trigger.String(), e.expected[trigger], want)
	}
	f(hedge.Stagger, 0, 0.25)
	f(hedge.Stagger, 1, 1)
	f(hedge.Stagger, 0.5, 0.25+0.5*0.75)
	f(hedge.Failure, 0, 1)
	f(hedge.Failure, 1, 1)
}

// What was learned in calm is forgotten as fast as the tail is; what was learned while
// the median had moved stays, because it is of this state.
func TestEvidenceIsForgottenInCalm(t *testing.T) {
	left := func(moved float64, passed time.Duration) float64 {
		e := evidence{}
		e.expected[hedge.Stagger], e.succeeded[hedge.Stagger] = 50, 25
		e.tell(hedge.Stagger, moved, passed, nil)
		equal(t, "what succeeded ÷ what was expected", e.succeeded[hedge.Stagger]/e.expected[hedge.Stagger], 0.5)
		return e.expected[hedge.Stagger] / 50
	}
	calm, half, moved := left(0, slowMemory), left(0.5, slowMemory), left(1, slowMemory)
	if calm > 0.4 || moved < 0.9 || !(calm < half && half < moved) {
		t.Errorf("%.2f is left in calm, %.2f between, and %.2f while the median has moved", calm, half, moved)
	}
	if got := left(1, 10*evidenceMemory); got > 0.01 {
		t.Errorf("%.2f is left for ever while the median has moved", got)
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	var e evidence
	for range 10_000 {
		e.tell(hedge.Stagger, 1, 0, map[Kind]float32{Success: 100})
	}
	if got := e.expected[hedge.Stagger]; got > evidenceMost+evidencePerTick+1e-9 || got < evidenceMost {
		t.Errorf("%v expected successes are remembered, want about %v", got, float64(evidenceMost))
	}
	for range 10 * evidenceMost {
		e.tell(hedge.Stagger, 1, 0, map[Kind]float32{Expired: 100})
	}
	if got := e.help(1); got > 0.01 {
		t.Errorf("after as much evidence of the contrary hedges are still said to help by %.2f", got)
	}
}

// Before anything is known hedges are taken for as good as first attempts, and where the
// median has moved they have to prove themselves.
func TestHelpAndProof(t *testing.T) {
	f := func(succeeded, expected, moved float64, helps, proves bool) {
		t.Helper()
		var e evidence
		e.succeeded[hedge.Stagger], e.expected[hedge.Stagger] = succeeded, expected
		help, proof := e.help(moved), e.proof()
		if !(help >= 0 && help <= 1 && proof >= 0 && proof <= 1) {
			t.Errorf("%v of %v: help %v, proof %v", succeeded, expected, help, proof)
		}
		if (help > 0.99) != helps || (proof > 0.5) != proves {
			t.Errorf("%v of %v, moved by %v: help %.2f, proof %.2f", succeeded, expected, moved, help, proof)
		}
	}
	f(0, 0, 0, true, false)
	f(0, 0, 1, false, false)
	f(100, 100, 0, true, true)
	f(100, 100, 1, true, true)
	f(0, 100, 0, false, true)
	f(0, 100, 1, false, true)
	f(1000, 100, 1, true, true)
	var e evidence
	equal(t, "help of nothing known, moved", e.help(1), 0)
	e.succeeded[hedge.Failure], e.expected[hedge.Failure] = 0, 100
	equal(t, "help of hedges when retries fail", e.help(0), 1)
	if got := e.conditional(hedge.Failure, 0); got > 0.2 {
		t.Errorf("retries that all fail are worth %v of a first attempt", got)
	}
}
