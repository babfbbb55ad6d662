package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestValidate runs the command in testdata/validate; the golden files beside
// the policies hold what it prints.
func TestValidate(t *testing.T) {
	f := func(name string, code int, args ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Chdir(filepath.Join("testdata", "validate"))
			got, stdout, stderr := hedged(t.Context(), "", append([]string{"validate"}, args...)...)
			if got != code || stderr != "" {
				t.Errorf("exit code %d, want %d; stderr %q", got, code, stderr)
			}
			golden(t, name+".txt", stdout)
		})
	}

	f("good", 0, "good.yaml")
	f("bad", 1, "bad.yaml")
	f("bad-json", 1, "bad.yaml", "--output", "json")
	f("good-json", 0, "good.yaml", "--output=json")
	f("warning", 0, "warning.yaml")
	f("syntax", 1, "syntax.yaml")
	f("empty", 0, "empty.yaml")
	f("duplicate", 1, "good.yaml", "duplicate.yaml")
	f("conflict", 1, "good.yaml", "conflict.yaml")
	f("directory", 1, "dir")
	f("missing", 1, "missing.yaml", "good.yaml")
	f("namespace", 0, "good.yaml", "--namespace", "shop", "--output", "json")
}

func TestValidateStandardInput(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "validate", "bad.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := hedged(t.Context(), string(data), "validate", "-")
	if code != 1 || stderr != "" || !strings.HasPrefix(stdout, "-:10:") {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestValidateEmptyDirectory: a check that looks at nothing must not pass.
func TestValidateEmptyDirectory(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := hedged(t.Context(), "", "validate", dir)
	want := fmt.Sprintf("hedged: %s has no *.yaml, *.yml or *.json file\n", dir)
	if code != 1 || stdout != "" || stderr != want {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
