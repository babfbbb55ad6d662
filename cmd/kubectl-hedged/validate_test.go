package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestValidate runs the command in testdata/validate, without a cluster; the golden
// files beside the manifests hold what it prints.
func TestValidate(t *testing.T) {
	f := func(name string, code int, stderr string, args ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Chdir(filepath.Join("testdata", "validate"))
			t.Setenv("KUBECONFIG", "nowhere")
			got, stdout, errs := bare(t.Context(), "", nil, append([]string{"validate"}, args...)...)
			if got != code || errs != stderr {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", got, code, errs, stderr)
			}
			golden(t, name+".txt", "", stdout)
		})
	}

	f("good", 0, "", "-f", "good.yaml")
	f("manifests", 1, "kubectl hedged: warning: manifests.yaml: the policies of ConfigMap shop/forgotten are not checked, "+
		"and hedged does not read them: it is not labelled hedged.dev/policy=true\n", "-f", "manifests.yaml", "-n", "shop")
	f("list", 1, "", "-f", "list.json", "-o", "json")
	f("conflict", 1, "", "-f", "good.yaml", "-f", "taken.yaml")
	f("mixed", 1, "", "-f", "mixed.yaml", "-o", "yaml")
	f("others", 0, "", "-f", "others.yaml")
	f("broken", 1, "", "-f", "broken.yaml")
	f("directory", 1, "kubectl hedged: warning: manifests.yaml: the policies of ConfigMap default/forgotten are not checked, "+
		"and hedged does not read them: it is not labelled hedged.dev/policy=true\n", "-f", ".")
}

func TestValidateStandardInput(t *testing.T) {
	t.Setenv("KUBECONFIG", "nowhere")
	data, err := os.ReadFile(filepath.Join("testdata", "validate", "manifests.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, _ := bare(t.Context(), string(data), nil, "validate", "-f", "-")
	if code != 1 || !strings.HasPrefix(stdout, "default/catalog/catalog.yaml:7:13: spec.deadline: ") {
		t.Errorf("exit code %d, stdout %q", code, stdout)
	}
}
