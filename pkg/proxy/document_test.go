package proxy_test

import (
	"fmt"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/proxy"
)

// start starts a front with one policy for host shop, with extra as document has
// it.
func start(t testing.TB, extra string, replicas ...*replica) *front {
	t.Helper()
	f := begin(t, proxy.Options{})
	f.publish(t, document("shop", "shop", extra, replicas...))
	return f
}

// document is a policy. Lines of extra replace the defaults below that begin
// with the same word; those that begin with upstream. are about the upstream.
func document(name, host, extra string, replicas ...*replica) string {
	var endpoints []string
	for _, r := range replicas {
		endpoints = append(endpoints, fmt.Sprintf("%q", r.URL))
	}
	var kept []string
	up := "endpoints: [" + strings.Join(endpoints, ", ") + "]"
	for line := range strings.Lines(extra) {
		if field, ok := strings.CutPrefix(strings.TrimSpace(line), "upstream."); ok {
			up += ", " + field
		} else {
			kept = append(kept, line)
		}
	}
	extra = strings.Join(kept, "")
	return fields(map[string]string{
		"match":    fmt.Sprintf("[{hosts: [%s]}]", host),
		"upstream": "{" + up + "}",
		"deadline": "5s",
		"fanOut":   "{max: 3, adaptive: false}",
		"stagger":  "{mode: Fixed, fixed: 20ms}",
		"budget":   "{percent: 700, minPerSecond: 1000}",
	}, name, extra)
}

func fields(defaults map[string]string, name, extra string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: hedged.dev/v1alpha1\nkind: HedgePolicy\nmetadata: {name: %s}\nspec:\n", name)
	for line := range strings.SplitSeq(strings.TrimSpace(extra), "\n") {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			defaults[key] = strings.TrimSpace(value)
		}
	}
	for key, value := range defaults {
		fmt.Fprintf(&b, "  %s: %s\n", key, value)
	}
	return b.String()
}

// publish puts documents in force.
func (f *front) publish(t testing.TB, documents ...string) {
	t.Helper()
	var all []*policy.Policy
	for i, d := range documents {
		ps, faults := policy.Parse([]byte(d), policy.Options{Place: fmt.Sprintf("%d.yaml", i), Namespace: "default", ClusterDomain: "cluster.local"})
		if len(faults.Errors()) > 0 {
			t.Fatalf("%v\n%s", faults, d)
		}
		all = append(all, ps...)
	}
	table, conflicts := policy.NewTable(all)
	if len(conflicts) > 0 {
		t.Fatal(conflicts)
	}
	f.handler.Publish(table)
}
