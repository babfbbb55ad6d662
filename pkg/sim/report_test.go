package sim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// golden compares with a file, which -update writes.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestReportIsWritten(t *testing.T) {
	soon, within := 1.4999, 0.97915
	r := Report{
		Scenario: "slow-and-failing", Seed: 7, Calls: 300_000, Leaves: 100, DurationS: 600.123, DeadlineMS: 300, BudgetPercent: 2.5,
		MarkMS: 100, Disturbed: true, Results: []Result{
			{Name: none, SuccessRatio: 0.95010666666, P50MS: 2.06123456, P99MS: 300, P999MS: 300, RecoveryS: &soon, WithinRatio: &within},
			{Name: "sequential", SuccessRatio: 0.99962, P50MS: 2.06023456, P99MS: 102.14, P999MS: 105, ExtraLoad: 0.0734, LastMissS: 599.5, WithinRatio: &within, Setting: "3 attempts"},
		},
	}
	var table, figures bytes.Buffer
	if err := errors.Join(r.WriteTable(&table), r.WriteJSON(&figures)); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", table.Bytes())
	golden(t, "report.json", figures.Bytes())
	if r.Results[0].P50MS != 2.06123456 {
		t.Error("writing a report changed it")
	}
	var empty bytes.Buffer
	if err := errors.Join(Report{}.WriteTable(&empty), Report{}.WriteJSON(&empty)); err != nil {
		t.Error(err)
	}
}

func TestNaiveRetriesNeverRecover(t *testing.T) {
	s := scenario(t, "metastable-50")
	s.Upstream.Changes = []Change{{From: 4 * time.Second, To: 5 * time.Second, Latency: 4}}
	naiveRetriesNeverRecover(t, s, 4000)
}

func naiveRetriesNeverRecover(t *testing.T, s Scenario, calls int) {
	t.Helper()
	r := simulate(t, s, calls, none, "sequential")
	if s := r[0].RecoveryS; s == nil || *s == 0 || *s > 3 {
		t.Errorf("no hedging: %s", recoveryText(r[0]))
	}
	if r[1].RecoveryS != nil {
		t.Errorf("sequential retry: %s", recoveryText(r[1]))
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	theSameSeedGivesTheSameBytes(t, 200)
}

// theSameSeedGivesTheSameBytes plays so many calls of each kind of upstream.
func theSameSeedGivesTheSameBytes(t *testing.T, calls int) {
	t.Helper()
	f := func(name string, calls, daemons int) {
		t.Helper()
		s := scenario(t, name)
		s.Daemons = daemons
		play := func(seed uint64) []byte {
			r, err := Run(t.Context(), s, Options{Seed: seed, Calls: calls})
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := errors.Join(r.WriteJSON(&b), r.WriteTable(&b)); err != nil {
				t.Fatal(err)
			}
			plots := r.Plots()
			for _, name := range []string{"tradeoff.svg", "success.svg", "plan.svg"} {
				b.Write(plots[name])
			}
			return b.Bytes()
		}
		first := play(1)
		if !bytes.Equal(first, play(1)) {
			t.Errorf("%s: two runs of a seed differ", name)
		}
		if bytes.Equal(first, play(2)) {
			t.Errorf("%s: two seeds do not", name)
		}
	}
	f("slow-and-failing", calls, 1)
	f("queueing-85-cancel", calls, 3)
	f("heavy-tail-100", 5*calls, 1)
	f("hiccups", calls, 2)
}

func TestPlotsAreXML(t *testing.T) {
	r, err := Run(t.Context(), scenario(t, "step"), Options{Seed: 1, Calls: 8000, Only: []string{none, champion}})
	if err != nil {
		t.Fatal(err)
	}
	plots := r.Plots()
	if len(plots) != 3 {
		t.Errorf("%d plots", len(plots))
	}
	for name, svg := range plots {
		for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if got := (Report{}).Plots(); len(got) != 0 {
		t.Errorf("an empty report has plots: %d", len(got))
	}
}

func TestProgressGoesUpToTheTotal(t *testing.T) {
	t.Parallel()
	last, whats := 0, []string{}
	o := Options{Seed: 1, Calls: 4000, Only: []string{none, bestStatic}, Progress: func(done, total int, what string) {
		if done < last || done > total || total != 12_000 {
			t.Errorf("%s: %d of %d after %d", what, done, total, last)
		}
		last = done
		if !slices.Contains(whats, what) {
			whats = append(whats, what)
		}
	}}
	if _, err := Run(t.Context(), scenario(t, "slow"), o); err != nil {
		t.Fatal(err)
	}
	if last != 12_000 || !slices.Equal(whats, []string{none, bestStatic}) {
		t.Errorf("it ended with %d, at %v", last, whats)
	}
}

func TestEveryBuiltinRuns(t *testing.T) {
	t.Parallel()
	everyBuiltinRuns(t, 40)
}

func everyBuiltinRuns(t *testing.T, calls int) {
	t.Helper()
	var names []string
	for _, s := range builtins() {
		names = append(names, s.Name)
		if s.Description == "" {
			t.Errorf("%s says nothing about itself", s.Name)
		}
		r, err := Run(t.Context(), s, Options{Seed: 1, Calls: calls})
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		var got []string
		for _, x := range r.Results {
			got = append(got, x.Name)
			if x.SuccessRatio < 0 || x.SuccessRatio > 1 || x.ExtraLoad < 0 || x.P50MS > x.P99MS || x.P99MS > x.P999MS || x.P999MS > r.DeadlineMS {
				t.Errorf("%s: %+v", s.Name, x)
			}
		}
		if diff := cmp.Diff(Strategies(), got); diff != "" {
			t.Errorf("%s: results (-want +got):\n%s", s.Name, diff)
		}
	}
	golden(t, "builtin.txt", []byte(joined(names)))
}

func joined(names []string) string {
	var b bytes.Buffer
	for _, name := range names {
		b.WriteString(name + "\n")
	}
	return b.String()
}
