package sim

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/record"
)

// recordRun plays a scenario with a strategy and records its attempts, as the
// daemon's attempt log does.
func recordRun(t *testing.T, s Scenario, calls int, by strategy) []record.Attempt {
	t.Helper()
	m, err := newSimulation(s, Options{Seed: 5, Calls: calls})
	if err != nil {
		t.Fatal(err)
	}
	var log []record.Attempt
	r := m.run(func() strategy { return by }, atRandom, calls)
	words := map[fate]string{answered: record.Won, failing: record.Failed}
	fateOf := r.fate
	first := map[uint64]int{} // where a call's attempts begin in the log
	r.fate = func(call uint64, n int, endpoint uint16, now int64) (fate, int64) {
		what, took := fateOf(call, n, endpoint, now)
		a := record.Attempt{
			Time: r.time(), Policy: "shop/catalog", Call: call + 1, Attempt: n, Trigger: record.Initial,
			Endpoint: fmt.Sprintf("http://10.0.0.%d", endpoint), End: words[what], ElapsedMS: float64(took) / 1e6,
		}
		if what == silent {
			a.End, a.ElapsedMS = record.TimedOut, milliseconds(m.deadline)
		}
		if n == 1 {
			first[call] = len(log)
		} else {
			// Good enough for a hedge: the first attempt is cancelled when this one is answered.
			a.Trigger = record.Stagger
			lead := &log[first[call]]
			if ended := milliseconds(time.Duration(now)) + a.ElapsedMS - milliseconds(lead.Time.Sub(epoch())); a.End == record.Won && ended < lead.ElapsedMS {
				lead.End, lead.ElapsedMS = record.Lost, ended
			}
		}
		log = append(log, a)
		return what, took
	}
	if err := r.play(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return log
}

const recordedScenario = `
name: recorded
calls: CALLS
rate: 1000
mark: 80ms # in the tail that hedging hides
policy: {deadline: 200ms}
upstream:
  endpoints: 3
  latency:
    mixture:
      - {share: 0.97, lognormal: {median: 5ms, sigma: 0.4}}
      - {share: 0.03, uniform: {from: 60ms, to: 120ms}}
  loss: {share: 0.04, silent: 0.5}
  changes:
    - {from: FROM, to: TO, loss: {share: 0.3, silent: 1}}
`

// What is simulated from a recording is what was recorded.
func TestRecordingGivesBackItsUpstream(t *testing.T) {
	t.Parallel()
	recordingGivesBackItsUpstream(t, 10_000, 3, 5, 4)
}

// recordingGivesBackItsUpstream records so many calls, a thousand a second, of which
// there is more loss from one second to another. It may be off by so many times what it
// may with 30,000 calls: the shorter the recording, the more its slices hold of both.
func recordingGivesBackItsUpstream(t *testing.T, calls, from, to int, chance float64) {
	t.Helper()
	text := recordedScenario
	for mark, by := range map[string]string{"CALLS": strconv.Itoa(calls), "FROM": strconv.Itoa(from) + "s", "TO": strconv.Itoa(to) + "s"} {
		text = replace(text, mark, by)
	}
	s := load(t, text)
	before := simulate(t, s, 0, none, "all-at-once-2")
	f := func(how string, by strategy) {
		t.Helper()
		recorded, err := FromRecording(recordRun(t, s, calls, by), "shop/catalog")
		if err != nil {
			t.Fatal(err)
		}
		if recorded.Calls != calls || math.Abs(recorded.Rate-1000) > 30*chance || recorded.Upstream.Endpoints != 3 || recorded.Policy.Deadline != 200*ms {
			t.Errorf("%s: %d calls, %.0f a second, %d endpoints, deadline %v", how, recorded.Calls, recorded.Rate, recorded.Upstream.Endpoints, recorded.Policy.Deadline)
		}
		recorded.Mark = s.Mark
		after := simulate(t, recorded, 0, none, "all-at-once-2")
		for i := range before {
			what := how + ": " + before[i].Name
			about(t, what+": success", after[i].SuccessRatio, before[i].SuccessRatio, 0.006*chance)
			about(t, what+": p50", after[i].P50MS, before[i].P50MS, 0.2*chance)
			about(t, what+": within 80 ms", *after[i].WithinRatio, *before[i].WithinRatio, 0.007*chance)
		}
		// The loss is where it was.
		shares := successes(after[0].Timeline, 4)
		about(t, how+": success while it was there", shares[(from+to)/2], 0.68, 0.06*chance)
		about(t, how+": success afterwards", shares[to+2], 0.97, 0.03*chance)
	}
	f("without hedging", staggered(1, 0))
	f("with losers", staggered(2, 12*ms))
}

func TestRecordingsThatSayTooLittle(t *testing.T) {
	f := func(want string, attempts []record.Attempt) {
		t.Helper()
		if _, err := FromRecording(attempts, "shop/catalog"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
	f("0 calls of shop/catalog", nil)
	one := record.Attempt{Time: epoch(), Policy: "shop/catalog", Call: 1, Attempt: 1, Trigger: record.Initial, Endpoint: "a", End: record.Won, ElapsedMS: 5}
	f("1 calls", []record.Attempt{one})
	other := one
	other.Policy = "shop/other"
	f("0 calls", []record.Attempt{other, other})
	many := make([]record.Attempt, 200)
	for i := range many {
		many[i] = one
	}
	f("all began at one instant", many)
}

// Ten attempts of which every second is given up at 10 ms: those that are left at risk
// tell what became of the others.
func TestCurveIsTheProductLimit(t *testing.T) {
	at := func(end string, elapsed float64) record.Attempt { return record.Attempt{End: end, ElapsedMS: elapsed} }
	c := newCurve([]record.Attempt{
		at(record.Won, 1), at(record.Won, 2), at(record.Failed, 3), at(record.Won, 4),
		at(record.Lost, 10), at(record.Lost, 10), at(record.ClientGone, 10),
		at(record.Won, 20), at(record.Won, 30), at(record.TimedOut, 100),
	})
	f := func(lot float64, what fate, took time.Duration, ok bool) {
		t.Helper()
		gotWhat, gotTook, gotOK := c.at(lot)
		if gotOK != ok || ok && (gotWhat != what || gotTook != int64(took)) {
			t.Errorf("at %v: %v after %v, %v", lot, gotWhat, time.Duration(gotTook), gotOK)
		}
	}
	f(0.05, answered, ms, true)
	f(0.15, answered, 2*ms, true)
	f(0.25, failing, 3*ms, true)
	f(0.35, answered, 4*ms, true)
	f(0.41, answered, 20*ms, true) // the six that are left: three at risk, a third each
	f(0.59, answered, 20*ms, true)
	f(0.61, answered, 30*ms, true)
	f(0.79, answered, 30*ms, true)
	f(0.81, 0, 0, false)
	about(t, "ended", c.ended(), 0.8, 1e-9)
	about(t, "by 15 ms", c.by(int64(15*ms)), 0.4, 1e-9)
	about(t, "by 0 ms", c.by(0), 0, 0)
	if c.longest != int64(100*ms) {
		t.Errorf("the longest is %v", time.Duration(c.longest))
	}
}
