package demo

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/sim"
)

const tiny = `
name: tiny
calls: 120
rate: 400
daemons: 2
policy: {deadline: 5s, stagger: {initial: 1s}, budget: {percent: 100}}
upstream:
  endpoints: 3
  latency: {uniform: {from: 1ms, to: 3ms}}
  loss: {share: 0.2, silent: 0}
  queue: {slots: 2, cancel: true}
`

func write(t *testing.T, document string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scenario.yaml")
	if err := os.WriteFile(path, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every call of every strategy is made and answered for, and what the replicas count is
// what the strategies have sent: one attempt a call without hedging, and with retries
// one more for each that failed.
func TestPlayAddsUp(t *testing.T) {
	s, err := sim.Load([]byte(tiny), "tiny.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := &player{PlayOptions: PlayOptions{Seed: 3, Out: io.Discard, Err: io.Discard}, scenario: &s, strategies: rivals(s.Policy.Deadline / 2)}
	live, err := p.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if live.control.calls < 1 {
		t.Error("there was no control")
	}
	for _, one := range live.parts {
		if len(one.samples) != s.Calls {
			t.Errorf("%s: %d samples, want one for each of %d calls", one.name, len(one.samples), s.Calls)
		}
		lost, arrived := 0, 0
		for i, sample := range one.samples {
			if n := int(one.tally.calls[i].Load()); n < 1 {
				t.Errorf("%s: call %d did not arrive at a replica", one.name, i)
			} else if sample.end == failed {
				lost++
			}
		}
		for i := range one.tally.replica {
			arrived += int(one.tally.replica[i].Load())
		}
		attempts := one.tally.attempts(0)
		if attempts != arrived {
			t.Errorf("%s: %d attempts of its calls, and %d that arrived", one.name, attempts, arrived)
		}
		switch one.name {
		case noHedge: // each fails in one case of five
			if attempts != s.Calls || lost < s.Calls/20 || lost > s.Calls/2 {
				t.Errorf("no hedging: %d attempts, %d of %d calls lost", attempts, lost, s.Calls)
			}
		default:
			if attempts == s.Calls || attempts > 3*s.Calls || lost > s.Calls/8 {
				t.Errorf("%s: %d attempts, %d of %d calls lost", one.name, attempts, lost, s.Calls)
			}
		}
	}
}

func TestPlayWritesLiveBesideSimulated(t *testing.T) {
	file := write(t, tiny)
	var out, errs bytes.Buffer
	if err := Play(t.Context(), PlayOptions{Situations: []string{file}, Seed: 3, Output: "json", Out: &out, Err: &errs}); err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	var found []reportOfTwo
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Situation != "tiny" || found[0].Calls != 120 || len(found[0].Strategies) != 3 {
		t.Fatalf("found %s", &out)
	}
	if voids := strings.Count(errs.String(), ": void: "); found[0].Void != (voids == tries) || len(found[0].VoidRuns) != voids {
		t.Errorf("void %v after %d void runs:\n%s", found[0].Void, len(found[0].VoidRuns), &errs)
	}
	for _, s := range found[0].Strategies {
		if s.Live.Calls != 120 || s.Simulated.Calls != 120 || s.Simulated.P50MS < 1 || s.Live.P50MS < 1 {
			t.Errorf("%+v: both should have 120 calls of at least 1 ms", s)
		}
	}
	if found[0].Strategies[2].Name != champion {
		t.Errorf("the last is %s", found[0].Strategies[2].Name)
	}
}

func TestPlayRefuses(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		err := Play(t.Context(), PlayOptions{Situations: []string{name}, Out: io.Discard, Err: io.Discard})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	f("silense", "did you mean silence?")
	f("xyzzy-plugh", "no situation is called xyzzy-plugh, and no file")
	f("./nowhere.yaml", "no such file")
	f(write(t, strings.Replace(tiny, "calls: 120", "calls: none", 1)), "calls: Invalid value")
	f(write(t, tiny+"\nleaves: 10\n"), "cannot be played on sockets: leaves: 10")
	f(write(t, strings.Replace(tiny, "rate: 400", "rate: 40000", 1)), "cannot be played on sockets: rate: 40000")
}

// The situations that come with the demo are documents that can be played, short
// enough for all of them to be played in a few minutes.
func TestSituationsArePlayable(t *testing.T) {
	all, err := openSituations([]string{everySituation})
	if err != nil {
		t.Fatal(err)
	}
	var lasts float64
	for i, s := range all {
		if s.Name != Situations()[i] {
			t.Errorf("situations/%s.yaml is called %s", Situations()[i], s.Name)
		}
		lasts += (&player{scenario: &all[i]}).length().Seconds()
		if s.Rate > 500 {
			t.Errorf("%s: %g calls a second", s.Name, s.Rate)
		}
	}
	if lasts > 300 {
		t.Errorf("they take %.0f s together", lasts)
	}
}
