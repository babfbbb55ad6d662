package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/sim"
)

// simulated is what tests look at of --output json.
type simulated struct {
	Scenario      string
	Seed          uint64
	Calls         int
	DeadlineMS    float64 `json:"deadline_ms"`
	BudgetPercent float64 `json:"budget_percent"`
	Results       []struct {
		Name         string
		SuccessRatio *float64 `json:"success_ratio"`
		P50          *float64 `json:"p50_ms"`
		P99          *float64 `json:"p99_ms"`
		P999         *float64 `json:"p999_ms"`
		ExtraLoad    *float64 `json:"extra_load"`
	}
}

// simulate runs few calls of a simulation, which is to succeed, and returns its
// JSON.
func simulate(t *testing.T, stdin string, args ...string) (result simulated) {
	t.Helper()
	args = append([]string{"simulate", "--output", "json", "--calls", "2000"}, args...)
	code, stdout, stderr := hedged(t.Context(), stdin, args...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &result); err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSimulate(t *testing.T) {
	got := simulate(t, "", "--scenario", "iid-loss", "--seed", "7", "--budget", "5%", "--deadline", "80ms")
	if got.Scenario != "iid-loss" || got.Seed != 7 || got.Calls != 2000 || got.BudgetPercent != 5 || got.DeadlineMS != 80 {
		t.Errorf("simulated %+v", got)
	}
	var names []string
	for _, r := range got.Results {
		names = append(names, r.Name)
		if r.SuccessRatio == nil || r.P50 == nil || r.P99 == nil || r.P999 == nil || r.ExtraLoad == nil {
			t.Errorf("a figure of %s is missing", r.Name)
		}
	}
	want := []string{"none", "no-hedge", "sequential", "all-at-once-2", "all-at-once-3", "fixed-stagger", "grpc", "percentile", "best-static", "adaptive"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("strategies (-want +got):\n%s", diff)
	}
}

// TestSimulateTwice: one seed, the same bytes; another seed, others.
func TestSimulateTwice(t *testing.T) {
	f := func(seed string) string {
		t.Helper()
		code, stdout, stderr := hedged(t.Context(), "", "simulate", "--scenario", "independent-peaks", "--calls", "2000", "--seed", seed)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "adaptive") {
			t.Fatalf("exit code %d, stderr %q, stdout\n%s", code, stderr, stdout)
		}
		return stdout
	}
	first := f("3")
	if diff := cmp.Diff(first, f("3")); diff != "" {
		t.Errorf("two runs of one seed differ:\n%s", diff)
	}
	if first == f("4") {
		t.Error("two seeds give the same")
	}
}

// simulatedPolicies are two documents, of which one is for one attempt only.
const simulatedPolicies = `apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: catalog}
spec:
  match: [{hosts: [catalog]}]
  upstream: {endpoints: ["http://a:80", "http://b:80"]}
  deadline: 70ms
  budget: {percent: 3}
---
apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: alone}
spec:
  match: [{hosts: [alone]}]
  upstream: {endpoints: ["http://a:80"]}
  deadline: 60ms
  fanOut: {max: 1, adaptive: false}
  stagger: {mode: Fixed, fixed: 1s}
`

// TestSimulatePolicy: the row adaptive is the policy's, and so are deadline and
// budget.
func TestSimulatePolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policies.yaml")
	if err := os.WriteFile(file, []byte(simulatedPolicies), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := simulate(t, "", "-f", file, "--policy", "catalog", "--scenario", "iid-loss"); got.DeadlineMS != 70 || got.BudgetPercent != 3 {
		t.Errorf("the policy's figures were not taken: %+v", got)
	}
	got := simulate(t, simulatedPolicies, "-f", "-", "--policy", "default/alone", "--scenario", "iid-loss")
	last := got.Results[len(got.Results)-1]
	if got.DeadlineMS != 60 || last.Name != "adaptive" || *last.ExtraLoad != 0 {
		t.Errorf("a policy of one attempt: deadline %g ms, %s with %g extra load", got.DeadlineMS, last.Name, *last.ExtraLoad)
	}
}

// recordingOf is a recording of calls of the policies, in the order of time.
func recordingOf(policies ...string) string {
	var b strings.Builder
	for n := range 400 {
		for i, policy := range policies {
			end, status, elapsed := "won", 200, 3+float64(n%17)/3
			if n%20 == 0 {
				end, status, elapsed = "failed", 503, 1
			}
			fmt.Fprintf(&b, `{"time":"2026-11-22T10:00:%02d.%03dZ","policy":%q,"call":%d,"attempt":1,"trigger":"initial","endpoint":"10.0.0.%d:80","end":%q,"status":%d,"elapsed_ms":%g}`+"\n",
				n/100, n%100*10, policy, n*len(policies)+i+1, n%3+1, end, status, elapsed)
		}
	}
	return b.String()
}

func TestSimulateFromRecording(t *testing.T) {
	file := filepath.Join(t.TempDir(), "attempts.jsonl")
	if err := os.WriteFile(file, []byte(recordingOf("default/alone", "default/catalog")), 0o600); err != nil {
		t.Fatal(err)
	}
	policies := filepath.Join(t.TempDir(), "policies.yaml")
	if err := os.WriteFile(policies, []byte(simulatedPolicies), 0o600); err != nil {
		t.Fatal(err)
	}
	got := simulate(t, "", "-f", policies, "--from", file, "--policy", "catalog")
	none := got.Results[0]
	if got.DeadlineMS != 70 || none.Name != "none" || *none.SuccessRatio < 0.9 || *none.SuccessRatio > 0.98 || *none.P50 < 3 || *none.P50 > 9 {
		t.Errorf("of 5 %% failures and 3 to 9 ms came success %g, p50 %g (deadline %g ms)", *none.SuccessRatio, *none.P50, got.DeadlineMS)
	}
	one, _, _ := strings.Cut(simulatedPolicies, "---")
	single := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(single, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := simulate(t, recordingOf("shop/other"), "-f", single, "--from", "-"); got.DeadlineMS != 70 {
		t.Errorf("one policy on another's recording: %+v", got)
	}
}

func TestSimulateOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "results")
	code, stdout, stderr := hedged(t.Context(), "", "simulate", "--scenario", "shared-peak", "--calls", "2000", "--out", dir, "--output", "json")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	figures, err := os.ReadFile(filepath.Join(dir, "simulation.json"))
	if err != nil || string(figures) != stdout {
		t.Errorf("simulation.json is not what was printed: %v", err)
	}
	plots, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil || len(plots) < 3 {
		t.Errorf("plots: %v %v", plots, err)
	}
}

func TestSimulateList(t *testing.T) {
	code, stdout, stderr := hedged(t.Context(), "", "simulate", "--list")
	if code != 0 || stderr != "" || strings.Count(stdout, "\n") != len(sim.Builtin()) {
		t.Errorf("exit code %d, stderr %q, stdout\n%s", code, stderr, stdout)
	}
	for _, s := range sim.Builtin() {
		if !strings.Contains(stdout, s.Name+" ") || !strings.Contains(stdout, " "+s.Description+"\n") {
			t.Errorf("%s is not in the list", s.Name)
		}
	}
	_, stdout, _ = hedged(t.Context(), "", "simulate", "--list", "--output", "json")
	var all []struct{ Name, Description string }
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || len(all) != len(sim.Builtin()) || all[0].Description == "" {
		t.Errorf("error %v, %+v", err, all)
	}
}

// TestSimulateSuite: a row for each scenario, in the order in which they are asked for,
// and a count of those that are lost.
func TestSimulateSuite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(file, []byte("name: mine\ncalls: 500\nrate: 100\npolicy: {deadline: 100ms}\nupstream: {latency: {constant: 5ms}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"simulate", "--suite", "--quick", "--calls", "500", "--seed", "3,4", "--scenario", "tail-1s-*", "--scenario", "slow", "--scenario", file}
	code, stdout, stderr := hedged(t.Context(), "", args...)
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	var names []string
	for _, line := range strings.Split(strings.TrimSpace(stdout), "\n")[2:] {
		if name, _, ok := strings.Cut(line, " "); ok {
			names = append(names, name)
		}
	}
	lost := strings.Count(stdout, "   lost: ")
	if diff := cmp.Diff([]string{"tail-1s-20", "tail-1s-500", "tail-1s-idle", "slow", "mine", fmt.Sprint(lost)}, names); diff != "" {
		t.Errorf("rows (-want +got):\n%s\n%s", diff, stdout)
	}
	if !strings.Contains(stdout, fmt.Sprintf("\n%d of 5 rows lost, means over seeds 3, 4.", lost)) {
		t.Errorf("it does not say how many rows are lost:\n%s", stdout)
	}

	code, stdout, stderr = hedged(t.Context(), "", append(args, "--output", "json", "--only", "no-hedge,adaptive")...)
	var suite struct {
		Seeds []uint64
		Lost  *int
		Rows  []struct {
			Scenario string
			Calls    int
			Best     string
			Lost     []string
			Results  []struct{ Name string }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &suite); err != nil || code != 0 || stderr != "" {
		t.Fatalf("exit code %d, stderr %q, %v", code, stderr, err)
	}
	if len(suite.Rows) != 5 || len(suite.Seeds) != 2 || suite.Lost == nil {
		t.Fatalf("the suite is %+v", suite)
	}
	if row := suite.Rows[4]; row.Scenario != "mine" || row.Calls != 500 || row.Best != "no-hedge" || row.Lost == nil || len(row.Results) != 2 {
		t.Errorf("the last row is %+v", row)
	}
}

func TestSimulateErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"policies.yaml": simulatedPolicies,
		"broken.yaml":   strings.Replace(simulatedPolicies, "deadline: 70ms", "deadlin: 70ms", 1),
		"empty.yaml":    "# nothing yet\n",
		"upstream.yaml": "name: mine\ncalls: 10\nrate: fast\npolicy: {deadline: 100ms}\n",
		"two.jsonl":     recordingOf("a/x", "b/y"),
		"none.jsonl":    "",
		"bad.jsonl":     recordingOf("a/x") + "{}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := func(code int, want, line string) {
		t.Helper()
		got, stdout, stderr := hedged(t.Context(), "", append([]string{"simulate"}, strings.Fields(line)...)...)
		if got != code || stdout != "" || !strings.HasPrefix(stderr, want) {
			t.Errorf("%s: exit code %d, want %d, stdout %q\nstderr %s  want %s", line, got, code, stdout, stderr, want)
		}
	}

	f(2, "hedged: say what to simulate: --scenario NAME (--list shows them), --scenario FILE or --from RECORDING\n", "")
	f(2, "hedged: no scenario is called iid-los; did you mean iid-loss?\n", "--scenario iid-los")
	f(2, "hedged: no scenario is called xyzzy-plugh-and-more-words, and no file; --list shows those there are\n", "--scenario xyzzy-plugh-and-more-words")
	f(1, "hedged: --scenario: open nowhere.yaml: no such file or directory\n", "--scenario nowhere.yaml")
	f(1, "upstream.yaml:3:1: rate: ", "--scenario upstream.yaml")
	f(2, "hedged: --scenario and --from are two upstreams: give one\n", "--scenario iid-loss --from two.jsonl")
	f(2, "hedged: the policy and the recording cannot both be the standard input\n", "-f - --from -")
	f(2, "hedged: two.jsonl holds several policies; choose one: --policy a/x or b/y\n", "--from two.jsonl -f policies.yaml")
	f(1, "hedged: two.jsonl has no policy z; it has a/x, b/y\n", "--from two.jsonl --policy z")
	f(1, "hedged: none.jsonl holds no attempt; record while there are calls\n", "--from none.jsonl")
	f(1, "hedged: bad.jsonl:401: ", "--from bad.jsonl")
	f(1, "hedged: --from: open nowhere.jsonl: no such file or directory\n", "--from nowhere.jsonl")
	f(2, "hedged: policies.yaml holds several policies; choose one: --policy default/catalog or default/alone\n", "-f policies.yaml --scenario iid-loss")
	f(1, "hedged: policies.yaml has no policy catlog; did you mean catalog?\n", "-f policies.yaml --policy catlog --scenario iid-loss")
	f(1, "broken.yaml:7:", "-f broken.yaml --scenario iid-loss")
	f(1, "hedged: empty.yaml holds no policy\n", "-f empty.yaml --scenario iid-loss")
	f(1, "hedged: -f: open nowhere.yaml: no such file or directory\n", "-f nowhere.yaml --scenario iid-loss")
	f(2, "hedged: several scenarios are played as a suite: add --suite\n", "--scenario iid-loss --scenario slow")
	f(2, "hedged: several seeds are for a suite: give one, or add --suite\n", "--scenario iid-loss --seed 1,2")
	f(2, "hedged: --quick is for a suite: add --suite, or choose strategies with --only\n", "--scenario iid-loss --quick")
	f(2, `hedged: invalid argument "1,x" for "--seed" flag: must be a whole number, or several with commas between them`+"\n", "--scenario iid-loss --seed 1,x")
	f(1, `hedged: no strategy is called "nothing": there are none, no-hedge, `, "--scenario iid-loss --only nothing")
	f(2, "hedged: --from is one upstream: leave it out of a suite\n", "--suite --from two.jsonl")
	f(2, "hedged: --out has the plots of one scenario: leave it out of a suite\n", "--suite --out x")
	f(2, "hedged: no built-in scenario matches sl*x; --list shows those there are\n", "--suite --scenario sl*x")
	f(2, "hedged: --scenario: sl[ is not a pattern: syntax error in pattern\n", "--suite --scenario sl[")
	f(2, "hedged: no scenario is called iid-los; did you mean iid-loss?\n", "--suite --scenario iid-los")
	f(2, "hedged: --calls must not be negative\n", "--suite --calls -1")
	f(1, `upstream.yaml:3:1: rate: `, "--suite --scenario upstream.yaml")
	f(2, "hedged: --calls must not be negative\n", "--scenario iid-loss --calls -1")
	f(2, "hedged: --deadline must not be negative\n", "--scenario iid-loss --deadline -1s")
	f(2, `hedged: invalid argument "lots" for "--budget" flag: must be a number from 0 to 700`+"\n", "--scenario iid-loss --budget lots")
	f(2, `hedged: invalid argument "701" for "--budget" flag: must be a number from 0 to 700`+"\n", "--scenario iid-loss --budget 701")
	f(1, "hedged: --out: ", "--scenario iid-loss --calls 100 --out empty.yaml/x")
}

// TestSimulateInterrupted: a simulation that would take an hour ends at once.
func TestSimulateInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := hedged(ctx, "", "simulate", "--scenario", "iid-loss", "--calls", "100000000")
	if code != 1 || stdout != "" || stderr != "hedged: interrupted\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
