package chart_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLint(t *testing.T) {
	eachValues(t, func(t *testing.T, file string) {
		run(t, "", "helm", "lint", "--strict", "--namespace", namespace, "--values", file, chart)
	})
}

// TestUnits runs the chart's own tests, one suite for each template.
func TestUnits(t *testing.T) {
	out := run(t, "", "helm-unittest", "--strict", chart)
	counts := regexp.MustCompile(`(?m)^Tests:\s+([1-9]\d*) passed, (\d+) total`).FindStringSubmatch(out)
	if len(counts) != 3 || counts[1] != counts[2] {
		t.Fatalf("not every test has passed:\n%s", out)
	}
	t.Logf("%s tests of the chart", counts[1])
}

// TestReadme fails when README.md is not what helm-docs makes of values.yaml.
func TestReadme(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "hedged")
	if err := os.CopyFS(folder, os.DirFS(chart)); err != nil {
		t.Fatal(err)
	}
	run(t, "", "helm-docs", "--chart-search-root", folder, "--template-files", "README.md.gotmpl")
	read := func(folder string) string {
		text, err := os.ReadFile(filepath.Join(folder, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if diff := cmp.Diff(strings.Split(read(folder), "\n"), strings.Split(read(chart), "\n")); diff != "" {
		t.Errorf("charts/hedged/README.md has drifted from values.yaml: run make chart-docs (-want +got):\n%s", diff)
	}
}
