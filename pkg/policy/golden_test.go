package policy

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden shows what Parse makes of each file: the policies with their
// defaults, and the faults.
func TestGolden(t *testing.T) {
	for _, file := range files(t, "testdata/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			policies, faults := parseFile(t, file)
			invalid := strings.HasPrefix(filepath.Base(file), "invalid-")
			if refused := len(faults.Errors()) > 0; refused != invalid {
				t.Errorf("refused: %v, and the file's name says %v", refused, invalid)
			}
			var b strings.Builder
			for _, f := range faults {
				fmt.Fprintln(&b, f.Error())
			}
			for _, p := range policies {
				b.WriteString(describe(t, p))
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", b.String())
		})
	}
}

func files(t testing.TB, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("no files fit %s: %v", pattern, err)
	}
	return found
}

func parseFile(t testing.TB, file string) ([]*Policy, Faults) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(data, Options{Place: filepath.Base(file), Namespace: "shop"})
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has\n%s\nand Parse gives\n%s\n(-update writes it)", file, want, got)
	}
}

func describe(t *testing.T, p *Policy) string {
	t.Helper()
	var b strings.Builder
	show := func(name string, v any) { fmt.Fprintf(&b, "%s: %+v\n", name, v) }
	fmt.Fprintf(&b, "--- %s revision %s at %s:%d state %s\n", p.ID, p.Revision, p.Place, p.Line, p.StateKey())
	show("mode", p.Mode)
	show("deadline, idle", []any{p.Deadline, p.StreamIdle})
	show("commit, buffer, replay", []any{p.Commit, p.BufferLimit, p.ReplayLimit})
	show("honor pushback", p.HonorPushback)
	for _, e := range p.Upstream.Endpoints {
		show("endpoint", e)
	}
	show("target", p.Upstream.Target)
	show("key", p.Upstream.Key)
	show("host", fmt.Sprintf("%d %q", p.Upstream.Host, p.Upstream.HostName))
	show("distinct, connect", []any{p.Upstream.Distinct, p.Upstream.ConnectTimeout})
	show("learn", p.Learn)
	show("budget", p.Budget)
	show("breaker", p.Breaker)
	for i := range p.rules {
		for c := range p.rules[i].claims {
			show("claims", c)
		}
	}
	spec, err := yaml.Marshal(p.Spec)
	if err != nil {
		t.Fatal(err)
	}
	b.Write(spec)
	return b.String()
}
