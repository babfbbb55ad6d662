package policy

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestTextIsTheSamePolicyAgain: it is what is kept of a policy that serves.
func TestTextIsTheSamePolicyAgain(t *testing.T) {
	for _, file := range files(t, "testdata/*.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			policies, _ := parseFile(t, file)
			for _, p := range policies {
				keptAsText(t, p)
			}
		})
	}
}

func TestTextOfEachDocumentInAFile(t *testing.T) {
	file := strings.Join([]string{
		"# the shop\n", text("first"),
		"---\n# and its garden\n\n", text("second"),
		"...\n# JSON is YAML\n",
		`{"apiVersion": "hedged.dev/v1alpha1", "kind": "HedgePolicy", "metadata": {"name": "third"}, "spec":` + "\n",
		`{"match": [{}], "upstream": {"endpoints": ["http://10.0.0.1"]}, "deadline": "1s"}}` + "\n",
		"---\nkind: [\n",
		"--- # the last\n", text("fourth"), "# the end\n",
	}, "")
	policies, _ := Parse([]byte(file), Options{Place: "test.yaml", Namespace: "shop", Line: 100})
	var names []string
	for _, p := range policies {
		names = append(names, p.Name)
		keptAsText(t, p)
		before, _, found := strings.Cut(file, string(p.Text))
		if want := 100 + strings.Count(before, "\n"); !found || p.Before != want {
			t.Errorf("%s: %d lines stand before it, want %d", p.Name, p.Before, want)
		}
	}
	if got := strings.Join(names, " "); got != "first second third fourth" {
		t.Fatalf("policies %s", got)
	}
	if got := policies[0].Line; got != 102 {
		t.Errorf("the first one begins in line %d", got)
	}
}

// keptAsText reads a policy again from its text.
func keptAsText(t *testing.T, p *Policy) {
	t.Helper()
	again, faults := Parse(p.Text, Options{Place: p.Place, Namespace: p.Namespace, Created: p.Created, Line: p.Before})
	if len(again) != 1 {
		t.Fatalf("%d policies, faults %v, of\n%s", len(again), faults, p.Text)
	}
	q := again[0]
	if q.ID != p.ID || q.Revision != p.Revision || q.Line != p.Line || q.Before != p.Before || !bytes.Equal(q.Text, p.Text) {
		t.Errorf("%s of line %d with revision %s becomes %s of line %d with revision %s:\n%s",
			p.ID, p.Line, p.Revision, q.ID, q.Line, q.Revision, p.Text)
	}
}
