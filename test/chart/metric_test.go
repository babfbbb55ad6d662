package chart_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait for an event.
const patience = time.Minute

// TestMetrics runs a daemon, sends it calls, and fails for every metric, label and
// label value that a rule or a panel names and the daemon does not export.
func TestMetrics(t *testing.T) {
	var texts []string
	all := rules(t)
	for _, r := range all {
		texts = append(texts, r.Expr)
	}
	d := readDashboard(t)
	texts = append(texts, d.expressions()...)

	var wanted []selector
	recorded := recordedLabels(t, all)
	for _, e := range expressions(t, texts...) {
		for _, s := range e.Selectors {
			if labels, ok := recorded[s.Metric]; ok {
				if extra := missing(s.Labels, labels); len(extra) > 0 {
					t.Errorf("%s: it is asked for the labels %v, and has %v", s.Metric, extra, labels)
				}
				continue
			}
			wanted = append(wanted, s)
		}
	}
	if len(wanted) == 0 {
		t.Fatal("no metrics are asked for")
	}

	i := start(t)
	bound := time.Now().Add(patience)
	for {
		i.call(t)
		exported := i.scrape(t)
		faults := exported.lacks(wanted)
		if len(faults) == 0 {
			return
		}
		if time.Now().After(bound) {
			t.Fatalf("the daemon does not export:\n%s\nIt exports:\n%s", strings.Join(faults, "\n"),
				strings.Join(slices.Sorted(maps.Keys(exported.series)), "\n"))
		}
	}
}

// series are the labels of each metric that a daemon exports.
type series map[string][]string

// targetLabels are those that Prometheus adds when it scrapes a pod.
var targetLabels = []string{"namespace", "job", "pod", "instance"}

// page is what a daemon exports.
type page struct {
	series series
	values map[string]map[string]bool // of each label, in any metric
}

// lacks says what of the wanted is not exported.
func (p *page) lacks(wanted []selector) (faults []string) {
	for _, w := range wanted {
		labels, ok := p.series[w.Metric]
		if !ok {
			faults = append(faults, w.Metric)
			continue
		}
		for _, label := range missing(w.Labels, append(slices.Clone(targetLabels), labels...)) {
			faults = append(faults, fmt.Sprintf("%s: no label %s", w.Metric, label))
		}
		for label, values := range w.Values {
			for _, v := range values {
				if v != "" && !p.values[label][v] {
					faults = append(faults, fmt.Sprintf("%s: %s is never %q", w.Metric, label, v))
				}
			}
		}
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}

func missing(want, have []string) []string {
	return slices.DeleteFunc(slices.Clone(want), func(s string) bool { return slices.Contains(have, s) })
}
