package sim

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// whole is a document that says everything.
const whole = `
name: whole
description: everything at once
calls: 1000
rate: 500
arrivals: Steady
leaves: 10
daemons: 2
warmUp: 100ms
mark: 20ms
surges:
  - {from: 200ms, to: 300ms, factor: 2}
  - {from: 400ms, to: 500ms, factor: 0}
pauses:
  - {at: 600ms, length: 10ms, daemon: 2}
  - {every: 1s, length: 20ms}
edits:
  - at: 700ms
    policy: {deadline: 150ms, budget: {percent: 8}}
restarts:
  - {at: 800ms, daemon: 1}
  - {at: 900ms}
policy:
  deadline: 150ms
  fanOut: {max: 4, successTarget: 0.99, within: 40ms}
  budget: {percent: 5}
upstream:
  endpoints: 4
  balancing: LeastInFlight
  latency: {uniform: {from: 1ms, to: 3ms}}
  loss: {share: 0.1, silent: 0.5}
  peaks: {scope: Shared, every: 1s, length: 100ms, loss: {share: 0.9, silent: 1}}
  queue: {slots: 3, limit: 9, shed: 1ms, cancel: true}
  hiccups:
    - {at: 1s, length: 30ms, endpoint: 4}
    - {every: 2s, length: 40ms}
  changes:
    - {from: 1s, to: 2s, latency: 2, capacity: 0.5, loss: {share: 0.2}}
    - {endpoint: 3, latency: 3}
`

func TestLoadReadsEverything(t *testing.T) {
	got := load(t, whole)
	p := got.Policy
	if p.Deadline != 150*ms || p.Learn.FanOut != 4 || p.Learn.Target != 0.99 || p.Learn.Within != 40*ms || p.Budget.Percent != 5 || !p.Learn.Adaptive {
		t.Errorf("policy is %+v", p)
	}
	if e := got.Edits[0].Policy; e.Deadline != 150*ms || e.Budget.Percent != 8 {
		t.Errorf("edited, the policy is %+v", e)
	}
	want := Scenario{
		Name: "whole", Description: "everything at once", Calls: 1000, Rate: 500, Arrivals: Steady, Leaves: 10, Daemons: 2,
		WarmUp: 100 * ms, Mark: 20 * ms,
		Surges:   []Surge{{From: 200 * ms, To: 300 * ms, Factor: 2}, {From: 400 * ms, To: 500 * ms}},
		Pauses:   []Pause{{Stop{At: 600 * ms, Length: 10 * ms}, 2}, {Stop: Stop{Every: time.Second, Length: 20 * ms}}},
		Edits:    []Edit{{At: 700 * ms}},
		Restarts: []Restart{{At: 800 * ms, Daemon: 1}, {At: 900 * ms}},
		Upstream: Upstream{
			Endpoints: 4, Balancing: LeastInFlight, Latency: Latency{Uniform: &Uniform{From: ms, To: 3 * ms}},
			Loss:    &Loss{Share: 0.1, Silent: 0.5},
			Peaks:   &Peaks{Scope: OfAll, Every: time.Second, Length: 100 * ms, Loss: Loss{Share: 0.9, Silent: 1}},
			Queue:   &Queue{Slots: 3, Limit: 9, Shed: ms, Cancel: true},
			Hiccups: []Hiccup{{Stop{At: time.Second, Length: 30 * ms}, 4}, {Stop: Stop{Every: 2 * time.Second, Length: 40 * ms}}},
			Changes: []Change{{From: time.Second, To: 2 * time.Second, Latency: 2, Capacity: 0.5, Loss: Loss{Share: 0.2}}, {Endpoint: 3, Latency: 3}},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Scenario{}, "Policy"), cmpopts.IgnoreFields(Edit{}, "Section", "Policy"), cmpopts.IgnoreUnexported(Upstream{})); diff != "" {
		t.Errorf("scenario (-want +got):\n%s", diff)
	}
	if _, err := Run(t.Context(), got, Options{Seed: 1}); err != nil {
		t.Error(err)
	}
}

// A policy may say where it matches and where its upstream is: it is the daemon's own.
func TestSectionMayBeAWholeSpec(t *testing.T) {
	s := load(t, strings.Replace(whole, "policy:\n", `policy:
  match: [{hosts: [catalog]}]
  upstream: {endpoints: ["http://10.0.0.1:80"], distinct: Require}
`, 1))
	if len(s.Policy.Upstream.Endpoints) != 1 {
		t.Errorf("upstream is %+v", s.Policy.Upstream)
	}
}

func TestInvalidDocuments(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "invalid-*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	placed := regexp.MustCompile(`^invalid-[-a-z]+\.yaml:\d+:\d+: `)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Load(data, filepath.Base(file))
		if err == nil {
			t.Errorf("%s was accepted", file)
			continue
		}
		for line := range strings.Lines(err.Error()) {
			if !placed.MatchString(line) {
				t.Errorf("%s: no place in %q", file, line)
			}
		}
		golden(t, strings.TrimSuffix(filepath.Base(file), ".yaml")+".txt", []byte(err.Error()+"\n"))
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(whole))
	files, err := filepath.Glob(filepath.Join("testdata", "invalid-*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	embedded, err := filepath.Glob(filepath.Join("scenarios", "*.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, embedded...) {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Load(data, "fuzz.yaml")
		if err != nil {
			if s.Name != "" {
				t.Error("a scenario comes with an error")
			}
			return
		}
		if s.Policy == nil {
			t.Fatal("a scenario without a policy")
		}
		// What is accepted can be played.
		s.Calls = min(s.Calls, 20*s.Leaves, 2000)
		s.WarmUp = 0
		if s.Calls < s.Leaves || s.Rate < 1 || s.Upstream.Endpoints > 100 || s.Daemons > 10 || len(s.disturbances())+len(s.Pauses)+len(s.Upstream.Hiccups) > 0 || s.Policy.Deadline > time.Hour {
			return // it takes too long here
		}
		r, err := Run(t.Context(), s, Options{Seed: 1, Only: []string{none, champion}})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Results {
			if !(x.SuccessRatio >= 0 && x.SuccessRatio <= 1) || !(x.ExtraLoad >= 0) || !(x.P999MS >= 0 && x.P999MS <= r.DeadlineMS) {
				t.Errorf("%+v", x)
			}
		}
	})
}
