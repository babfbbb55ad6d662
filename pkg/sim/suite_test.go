package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/hedge"
)

func TestRowsAreJudged(t *testing.T) {
	f := func(want, best string, results ...Result) {
		t.Helper()
		row := Row{Allowed: 0.1, Results: results}
		row.judge()
		if got := row.verdict(); got != want || row.Best != best {
			t.Errorf("%q against %q, want %q against %q", got, row.Best, want, best)
		}
	}
	is := func(name string, success, p999, extra float64) Result {
		return Result{Name: name, SuccessRatio: success, P999MS: p999, ExtraLoad: extra}
	}
	own := is(champion, 0.99, 40, 0.05)

	f("ok", "", own)
	f("ok", noHedge, is(none, 0.9, 100, 0), is(noHedge, 0.92, 100, 0), own)
	f("ok", sequentialRetry, is(none, 0.9904, 40, 0), is(sequentialRetry, 0.9902, 35, 0.05), own)
	f("lost: sequential answers 0.12 points more", sequentialRetry, is(sequentialRetry, 0.9912, 40, 0.05), own)
	f("lost: p99.9 40 ms where fixed-stagger has 30", "fixed-stagger", is(sequentialRetry, 0.98, 90, 0.05), is("fixed-stagger", 0.99, 30, 0.09), own)
	f("ok", sequentialRetry, is(sequentialRetry, 0.98, 90, 0.05), is("fixed-stagger", 0.999, 30, 0.103), own) // beyond the budget
	f("lost: fixed-stagger answers 0.90 points more; p99.9 40 ms where fixed-stagger has 30", "fixed-stagger",
		is(sequentialRetry, 0.98, 90, 0.05), is("fixed-stagger", 0.999, 30, 0.101), own)
	f("lost: none answers 0.06 points more", noHedge, is(none, 0.9906, 40, 0), is(noHedge, 0.9902, 40, 0), own)
	f("lost: no-hedge answers 0.05 points more", noHedge, is(none, 0.99, 40, 0), is(noHedge, 0.9905, 40, 0), own)
	f("ok", "", is("grpc", 1, 10, 0.01), is("all-at-once-2", 1, 10, 0.01), own) // no rivals
	f("lost: extra load 10.30 % where the budget allows 10.00 %", noHedge, is(noHedge, 0.9, 100, 0), is(champion, 0.99, 40, 0.103))
	f("ok", noHedge, is(noHedge, 0.9, 100, 0))
	// Of rivals with about the same success, the best is the quickest.
	f("lost: percentile answers 0.11 points more; p99.9 40 ms where fixed-stagger has 32", "fixed-stagger",
		is("fixed-stagger", 0.991, 32, 0.09), is("percentile", 0.9911, 50, 0.1), own)
}

func TestRowsAreMeans(t *testing.T) {
	report := func(seed uint64, durationS float64, third, quarter Result, own float64) Report {
		best := bestVariant([]Result{third, quarter})
		best.variants = []Result{third, quarter}
		return Report{
			Scenario: "mine", Seed: seed, Calls: 1000, DurationS: durationS, BudgetPercent: 5, DeadlineMS: 100, minPerSecond: 10,
			Results: []Result{best, {Name: champion, SuccessRatio: own, ExtraLoad: 0.05, P999MS: 40, again: Again{Measured: true, S: own}}},
		}
	}
	variant := func(setting string, success, extra float64) Result {
		return Result{Name: sequentialRetry, Setting: setting, SuccessRatio: success, ExtraLoad: extra, P999MS: 100}
	}
	s := Scenario{Daemons: 1}
	third, quarter := variant("third", 0.99, 0.08), variant("quarter", 0.98, 0.08)
	worse := variant("third", 0.9, 0.08)
	row := newRow(&s, []Report{report(1, 10, third, quarter, 0.9), report(2, 6, worse, quarter, 0.8)})
	// The floor pays for 10 ÷ 100 and 10 ÷ 167 attempts a call.
	about(t, "the allowed load", row.Allowed, (0.1+0.06)/2, 1e-9)
	if got := row.result(sequentialRetry); got.Setting != "quarter" || got.SuccessRatio != 0.98 {
		t.Errorf("the best time-out over both seeds is %+v", got)
	}
	if own := row.result(champion); own.SuccessRatio < 0.8499 || own.SuccessRatio > 0.8501 || row.HedgesAgain.S != 0.9 {
		t.Errorf("adaptive is %+v, and hedges again after %v", own, row.HedgesAgain)
	}
	// A time-out beyond the budget is no rival while there is another.
	row = newRow(&s, []Report{report(1, 10, variant("third", 0.99, 0.2), quarter, 0.9)})
	if got := row.result(sequentialRetry); got.Setting != "quarter" {
		t.Errorf("the best affordable time-out is %+v", got)
	}
	row = newRow(&s, []Report{report(1, 10, variant("third", 0.99, 0.2), variant("quarter", 0.98, 0.2), 0.99)})
	if got := row.result(sequentialRetry); got.Setting != "third" || row.Best != "" {
		t.Errorf("of none that is affordable, the best time-out is %+v; the best rival is %q", got, row.Best)
	}
	eight := Report{Calls: 1000, DurationS: 10, BudgetPercent: 5, minPerSecond: 10}
	about(t, "the allowed load of eight daemons", eight.allowed(8), 0.8, 1e-9)
}

func TestSequentialRetryHasItsBestTimeout(t *testing.T) {
	s := load(t, `
name: timeouts
calls: 4000
rate: 1000
policy: {deadline: 100ms}
upstream:
  latency: {constant: 5ms}
  loss: {share: 0.1, silent: 1}
`)
	// Half the deadline leaves no time for a third attempt. The others answer as many
	// calls, and the p99 is the soonest of them.
	r := simulate(t, s, 0, sequentialRetry)[0]
	if !strings.HasPrefix(r.Setting, "3 attempts, each 5ms at most, the upstream's p99") || len(r.variants) != 4 {
		t.Errorf("the best is %q of %d", r.Setting, len(r.variants))
	}
	for _, v := range r.variants {
		if v.SuccessRatio > r.SuccessRatio {
			t.Errorf("%q has more successes: %v, %v", v.Setting, v.SuccessRatio, r.SuccessRatio)
		}
	}
	about(t, "success with half the deadline", r.variants[0].SuccessRatio, 0.99, 0.006)
	about(t, "success with the p99", r.SuccessRatio, 0.999, 0.002)
	if quarter := r.variants[2]; quarter.SuccessRatio != r.SuccessRatio || quarter.P999MS <= r.P999MS {
		t.Errorf("%q has a success of %v and a p99.9 of %v ms, the best %v and %v", quarter.Setting, quarter.SuccessRatio, quarter.P999MS, r.SuccessRatio, r.P999MS)
	}
}

// No hedging is one attempt a call where the daemon's choice sends it.
func TestNoHedge(t *testing.T) {
	s := scenario(t, "one-failing")
	r := simulate(t, s, 20_000, none, noHedge)
	about(t, "success of none", r[0].SuccessRatio, 1-0.5/3, 0.01)
	if r[1].SuccessRatio < 0.97 || r[1].ExtraLoad != 0 || len(r[1].Plans) != 0 {
		t.Errorf("no hedging: success %v, extra load %v, %d plans", r[1].SuccessRatio, r[1].ExtraLoad, len(r[1].Plans))
	}
}

func TestSuiteCalls(t *testing.T) {
	f := func(name string, want int) {
		t.Helper()
		s := scenario(t, name)
		if got := s.suiteCalls(); got != want {
			t.Errorf("%s: %d calls, want %d", name, got, want)
		}
	}
	f("iid-loss", suiteCalls)
	f("regime-change", 360_000)   // a minute after the change
	f("heavy-tail-100", 500_000)  // 5,000 root calls
	f("tail-1s-20", 6000)         // it has no more
	f("metastable-50", 120_000/2) // nor has this
}

func TestSuite(t *testing.T) {
	play := func(seeds ...uint64) (Suite, []string) {
		t.Helper()
		var told []string
		o := SuiteOptions{Seeds: seeds, Quick: true, Row: func(r Row) error {
			told = append(told, r.Scenario)
			return nil
		}}
		o.Calls = 1500
		suite, err := RunSuite(t.Context(), []Scenario{scenario(t, "daemon-restarts"), scenario(t, "light-tail"), scenario(t, "brown-out")}, o)
		if err != nil {
			t.Fatal(err)
		}
		return suite, told
	}
	first, told := play(1, 2)
	if want := []string{"daemon-restarts", "light-tail", "brown-out"}; !slices.Equal(told, want) {
		t.Errorf("rows of %v, want %v", told, want)
	}
	var names []string
	for _, r := range first.Rows[0].Results {
		names = append(names, r.Name)
	}
	if want := []string{none, noHedge, sequentialRetry, "fixed-stagger", "percentile", champion}; !slices.Equal(names, want) {
		t.Errorf("a row is of %v, want %v", names, want)
	}
	text := func(s Suite) string {
		var b bytes.Buffer
		err := errors.Join(WriteSuiteHead(&b))
		for _, r := range s.Rows {
			err = errors.Join(err, r.Write(&b))
		}
		if err := errors.Join(err, s.WriteSum(&b), s.WriteJSON(&b)); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	second, _ := play(1, 2)
	one := text(first)
	if diff := cmp.Diff(one, text(second)); diff != "" {
		t.Errorf("two suites of the same seeds differ:\n%s", diff)
	}
	if third, _ := play(3); one == text(third) {
		t.Error("suites of other seeds do not differ")
	}
	lost := 0
	for _, r := range first.Rows {
		if len(r.Lost) > 0 {
			lost++
		}
	}
	if first.Lost != lost || strings.Count(one, "lost: ") != lost {
		t.Errorf("%d rows are lost, %d by the count:\n%s", lost, first.Lost, one)
	}
}

func TestSuiteEnds(t *testing.T) {
	scenarios := []Scenario{scenario(t, "light-tail"), scenario(t, "tight"), scenario(t, "slow")}
	broken := errors.New("the reader has gone")
	o := SuiteOptions{Seeds: []uint64{1}, Quick: true, Row: func(Row) error { return broken }}
	o.Calls = 200
	if _, err := RunSuite(t.Context(), scenarios, o); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
	o.Row = nil
	for _, name := range []string{"nonsense", "grpc", bestStatic} { // the last is not quick
		o.Only = []string{champion, name}
		if _, err := RunSuite(t.Context(), scenarios, o); err == nil || !strings.Contains(err.Error(), "percentile, adaptive") {
			t.Errorf("with %s the error is %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o.Only, o.Calls = nil, 100_000
	if _, err := RunSuite(ctx, scenarios, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestHedgesAgain(t *testing.T) {
	point := func(at time.Duration, daemon, hedges int, gap time.Duration) PlanPoint {
		return PlanPoint{At: at, Daemon: daemon, Hedges: hedges, Gap: gap}
	}
	const second = time.Second
	silence := Surge{From: 10 * second, To: 20 * second}
	f := func(want string, plans []PlanPoint, busy func(at time.Duration) bool, happens ...Surge) {
		t.Helper()
		r := &run{deadline: int64(100 * ms), last: 60 * second, scenario: &Scenario{Surges: happens}, daemons: make([]*daemon, 2)}
		r.tally.plans = plans
		for at := time.Duration(0); at < 60*second; at += slotLength {
			s := Slot{}
			if busy(at) {
				s.Calls = 1
			}
			r.tally.slots = append(r.tally.slots, s)
		}
		if got := r.hedgesAgain().String(); got != want {
			t.Errorf("%v after %v, want %v", got, happens, want)
		}
	}
	always := func(time.Duration) bool { return true }
	before, never := point(9500*ms, 0, 1, 10*ms), point(30*second, 0, 0, hedge.Never)
	f("-", nil, always, silence)
	f("-", []PlanPoint{before}, always)
	f("-", []PlanPoint{before}, always, Surge{From: 10 * second, To: 60 * second}) // nothing comes after it
	f("-", []PlanPoint{point(9500*ms, 0, 0, hedge.Never), never}, always, silence) // it had no hedge before
	f("-", []PlanPoint{point(9500*ms, 0, 1, 50*ms), never}, always, silence)       // nor is a late one missed
	f("-", []PlanPoint{point(8*second, 0, 1, 10*ms), point(9500*ms, 0, 0, -1)}, always, silence)
	f("never", []PlanPoint{before, never}, always, silence)
	f("0.5 s", []PlanPoint{before, point(20500*ms, 0, 1, 10*ms)}, always, silence)
	f("1.5 s", []PlanPoint{before, point(20500*ms, 0, 1, 60*ms), point(21500*ms, 0, 1, 10*ms)}, always, silence)
	f("0.5 s", []PlanPoint{before, point(25*second, 0, 1, 10*ms)}, func(at time.Duration) bool { return at >= 24500*ms }, silence)
	both := []PlanPoint{before, point(9500*ms, 1, 1, 10*ms), point(20500*ms, 0, 1, 10*ms), point(23*second, 1, 1, 10*ms)}
	f("3.0 s", both, always, silence)
	f("never", both, always, silence, Surge{From: 23500 * ms, To: 24 * second})
}

func TestAgainIsWritten(t *testing.T) {
	f := func(a Again, want string) {
		t.Helper()
		b, err := json.Marshal(struct {
			A Again `json:"a,omitzero"`
		}{a})
		if err != nil || string(b) != want {
			t.Errorf("%s, %v, want %s", b, err, want)
		}
	}
	f(Again{}, `{}`)
	f(Again{Measured: true}, `{"a":0}`)
	f(Again{Measured: true, S: 1.23456}, `{"a":1.235}`)
	f(Again{Measured: true, Never: true}, `{"a":null}`)
}
