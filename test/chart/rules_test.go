package chart_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const (
	rulesFile = chart + "/files/rules.yaml"
	testsFile = chart + "/files/rules-test.yaml"
)

// rule is one of files/rules.yaml: a recording rule or an alert.
type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Groups []struct{ Rules []rule } }
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) == 0 {
		t.Fatal("there are no rules")
	}
	return all
}

// expression is what the program selectors tells of one.
type expression struct {
	Selectors []selector
	By        []string
}

type selector struct {
	Metric string
	Labels []string
	Values map[string][]string
}

// expressions parses PromQL with Prometheus' own parser.
func expressions(t *testing.T, texts ...string) (all []expression) {
	t.Helper()
	var in strings.Builder
	for _, text := range texts {
		if err := json.NewEncoder(&in).Encode(text); err != nil {
			t.Fatal(err)
		}
	}
	for lines := json.NewDecoder(strings.NewReader(run(t, in.String(), "selectors"))); lines.More(); {
		var e expression
		if err := lines.Decode(&e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if len(all) != len(texts) {
		t.Fatalf("%d of %d expressions were parsed", len(all), len(texts))
	}
	return all
}

// TestExpressions makes sure that what is told of an expression is so.
func TestExpressions(t *testing.T) {
	got := expressions(t, `sum by (a) (rate(x{b="c", d!~"e|f"}[5m])) / on (g) y > 1`)
	want := []expression{{By: []string{"a"}, Selectors: []selector{
		{"x", []string{"a", "b", "d", "g"}, map[string][]string{"b": {"c"}, "d": {"e", "f"}}},
		{"y", []string{"g"}, map[string][]string{}},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := try(t, `"sum(x"`, "selectors"); err == nil || !strings.Contains(err.Error(), "unclosed left parenthesis") {
		t.Errorf("what does not parse: %v", err)
	}
}

// TestRules has promtool look at the rules, and run their tests.
func TestRules(t *testing.T) {
	run(t, "", "promtool", "check", "rules", "--lint=all", "--lint-fatal", rulesFile)
	run(t, "", "promtool", "test", "rules", testsFile)
}

// TestAlerts holds what an alert has: who is to be woken, what it means, what to do
// about it, only labels that it has, and a test that sees it fire.
func TestAlerts(t *testing.T) {
	tests, err := os.ReadFile(testsFile)
	if err != nil {
		t.Fatal(err)
	}
	runbook, err := os.ReadFile(checkout + "/docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	labels := regexp.MustCompile(`\$labels\.(\w+)`)
	all := rules(t)
	recorded := recordedLabels(t, all)
	for _, r := range all {
		if r.Alert == "" {
			continue
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s: its severity is %q", r.Alert, r.Labels["severity"])
		}
		if want := "https://hedged.dev/docs/operations#" + strings.ToLower(r.Alert); r.Annotations["runbook_url"] != want {
			t.Errorf("%s: its runbook is %q, not %s", r.Alert, r.Annotations["runbook_url"], want)
		}
		if !strings.Contains(string(runbook), "\n### "+r.Alert+"\n") {
			t.Errorf("%s: docs/operations.md does not say what to do", r.Alert)
		}
		if !strings.Contains(string(tests), `alertname="`+r.Alert+`"`) {
			t.Errorf("%s: no test sees it fire", r.Alert)
		}
		parsed := expressions(t, r.Expr)[0]
		has := parsed.By
		if has == nil && len(parsed.Selectors) > 0 {
			has = recorded[parsed.Selectors[0].Metric]
		}
		for _, name := range []string{"summary", "description"} {
			text := r.Annotations[name]
			if text == "" || text != strings.TrimSpace(text) {
				t.Errorf("%s: its %s is %q", r.Alert, name, text)
			}
			for _, label := range labels.FindAllStringSubmatch(text, -1) {
				if !slices.Contains(has, label[1]) {
					t.Errorf("%s: its %s speaks of label %s; it has %v", r.Alert, name, label[1], has)
				}
			}
		}
	}
}

// recordedLabels are the labels of each series that rules record.
func recordedLabels(t *testing.T, all []rule) map[string][]string {
	t.Helper()
	recorded := map[string][]string{}
	for _, r := range all {
		if r.Record != "" {
			recorded[r.Record] = expressions(t, r.Expr)[0].By
		}
	}
	return recorded
}
