package demo

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestScenarios(t *testing.T) {
	if got, want := strings.Join(Scenarios(), " "), "peaks slow slow-and-failing brown-out step"; got != want {
		t.Errorf("scenarios %q, want %q", got, want)
	}
	c := course{seed: 1, warmUp: 2 * time.Second, duration: 40 * time.Second}
	f := func(sc scenario, want ...peak) {
		t.Helper()
		if tracks := sc.tracks(c); len(tracks) != 1 || !slices.Equal(tracks[0].peaks, want) {
			t.Errorf("%s is troubled at %v, want %v", sc.name, tracks, want)
		}
	}
	f(brownOut(4, 4*time.Millisecond, 500), peak{from: 8 * time.Second, to: 16 * time.Second})
	f(step(), peak{from: 10 * time.Second, to: 25 * time.Second})
	if tracks := peaks().tracks(c); len(tracks) != 3 || len(tracks[0].peaks) == 0 {
		t.Errorf("peaks has the tracks %v", tracks)
	}
	if tracks := slow().tracks(c); tracks != nil {
		t.Errorf("slow is troubled at %v", tracks)
	}
}

// compareOn runs some strategies of a scenario for a short time and returns
// what was found, with the results by name.
func compareOn(t *testing.T, sc scenario, duration time.Duration, names ...string) (comparison, map[string]*result) {
	t.Helper()
	var errs bytes.Buffer
	o := Options{
		Scenario: sc.name, scenario: sc, Seed: 3, Deadline: sc.deadline, Duration: duration, Rate: sc.rate,
		Out: io.Discard, Err: &errs, warmUp: 300 * ms,
	}
	for _, s := range sc.strategies {
		if slices.Contains(names, s.name) {
			o.strategies = append(o.strategies, s)
		}
	}
	stage, err := open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	found, err := stage.compare(t.Context())
	if err := errors.Join(err, stage.close()); err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	rows := make(map[string]*result)
	for i := range found.results {
		r := &found.results[i]
		rows[r.name] = r
		t.Logf("%s: %d calls, %.3f in time, extra load %.3f, p50 %v, lag %v", r.name, r.calls, r.successRatio(), r.extraLoad, r.p50, r.lag)
	}
	return found, rows
}

// within is the share of the calls due in a stretch that were in time.
func within(r *result, p peak) float64 {
	due, good := 0, 0
	for _, s := range r.samples {
		if p.holds(s.at) {
			due++
			if s.end == succeeded {
				good++
			}
		}
	}
	return float64(good) / float64(max(due, 1))
}

// A smaller and slower brown-out than the demo's, which a busy machine does not
// disturb: calls are lost while it lasts, with and without hedging, and that
// ends with it unless hedging has no bound.
func TestBrownOutRecovers(t *testing.T) {
	t.Parallel()
	sc := brownOut(1, 20*ms, 40)
	sc.deadline = 300 * ms
	found, rows := compareOn(t, sc, 6*time.Second, "none", "fixed-stagger", champion)
	none, fixed, adaptive := rows["none"], rows["fixed-stagger"], rows[champion]
	slow, last := found.trouble(), peak{from: 5 * time.Second, to: 6 * time.Second}
	// The lines grow for a while first, and what is in line at the end goes fast.
	quarter := (slow.to - slow.from) / 4
	slow.from, slow.to = slow.from+quarter, slow.to-quarter
	for _, r := range []*result{none, adaptive} {
		if share := within(r, slow); share > 0.6 {
			t.Errorf("%s: %.3f of the calls are in time in the middle of the brown-out, which should be few", r.name, share)
		}
		if share := within(r, last); share < 0.8 {
			t.Errorf("%s: %.3f of the calls are in time 2.6 s after the brown-out, want nearly all", r.name, share)
		}
	}
	if none.extraLoad != 0 {
		t.Errorf("extra load %.3f without a second attempt", none.extraLoad)
	}
	if fixed.extraLoad < 0.3 || fixed.successRatio() >= none.successRatio() {
		t.Errorf("a fixed stagger without a budget: in time %.3f, extra load %.3f: it should make the brown-out worse", fixed.successRatio(), fixed.extraLoad)
	}
	// The budget's floor of ten a second is a quarter of this load.
	if adaptive.extraLoad > 0.35 || adaptive.successRatio() < 0.7*none.successRatio() {
		t.Errorf("adaptive: in time %.3f, extra load %.3f", adaptive.successRatio(), adaptive.extraLoad)
	}
	if missed := lastMissOf(&found, none); missed < 0.6 {
		t.Errorf("the last call that missed was due %.2f s after the start of a brown-out of 1.2 s", missed)
	}
}

// Every call that is lost without a second attempt is one of the step.
func TestStepLosesOnlyWhileItLasts(t *testing.T) {
	t.Parallel()
	sc := step()
	sc.rate, sc.deadline = 60, time.Second
	found, rows := compareOn(t, sc, 4*time.Second, "none", champion)
	none, adaptive := rows["none"], rows[champion]
	if lost := 1 - within(none, found.trouble()); lost < 0.05 || lost > 0.4 {
		t.Errorf("without a second attempt %.3f of the calls are lost, want about 0.2", lost)
	}
	if share := within(none, peak{from: 0, to: found.trouble().from}); share < 0.9 {
		t.Errorf("without a second attempt %.3f of the calls before the step are in time", share)
	}
	if adaptive.successes <= none.successes || adaptive.extraLoad > 0.5 {
		t.Errorf("adaptive: in time %.3f, extra load %.3f", adaptive.successRatio(), adaptive.extraLoad)
	}
	if none.plans != nil || len(adaptive.plans) < 10 {
		t.Errorf("looked %d times at the plan of none, %d times at adaptive's", len(none.plans), len(adaptive.plans))
	}
}

func TestSlowAnswersAreInTimeButNotQuick(t *testing.T) {
	t.Parallel()
	sc := slowAndFailing()
	sc.rate, sc.deadline = 100, 2*time.Second
	found, rows := compareOn(t, sc, 4*time.Second, "none", champion)
	none, adaptive := rows["none"], rows[champion]
	if late := none.successRatio() - quick().value(&found, none); late <= 0 {
		t.Errorf("%.3f of the calls are late without a second attempt, want about 0.02", late)
	}
	if lost := 1 - none.successRatio(); lost < 0.02 || lost > 0.1 {
		t.Errorf("%.3f of the calls are lost without a second attempt, want about 0.05", lost)
	}
	if adaptive.successes <= none.successes || adaptive.extraLoad > 0.35 {
		t.Errorf("adaptive: in time %.3f, extra load %.3f", adaptive.successRatio(), adaptive.extraLoad)
	}
}
