package policies_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The examples are valid together, without a warning, and kubectl apply -k makes a
// ConfigMap of each.
func TestExamples(t *testing.T) {
	data, err := os.ReadFile("kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kustomization struct {
		GeneratorOptions struct {
			DisableNameSuffixHash bool `yaml:"disableNameSuffixHash"`
			Labels                map[string]string
		} `yaml:"generatorOptions"`
		ConfigMapGenerator []struct {
			Name  string
			Files []string
		} `yaml:"configMapGenerator"`
	}
	if err := yaml.Unmarshal(data, &kustomization); err != nil {
		t.Fatal(err)
	}
	if o := kustomization.GeneratorOptions; !o.DisableNameSuffixHash || o.Labels[source.PolicyLabel] != "true" {
		t.Errorf("generatorOptions: %+v", o)
	}
	generated := map[string]bool{}
	for _, g := range kustomization.ConfigMapGenerator {
		for _, f := range g.Files {
			generated[f] = true
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var files []source.File
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || len(name) < 5 || name[len(name)-5:] != ".yaml" || name == "kustomization.yaml" {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, source.File{Place: name, Namespace: "shop", Data: text})
		if !generated[name] {
			t.Errorf("%s is in no ConfigMap of kustomization.yaml", name)
		}
		delete(generated, name)
	}
	if len(files) < 4 || len(generated) > 0 {
		t.Errorf("%d examples; generated without a file: %v", len(files), generated)
	}
	for _, f := range control.Findings(control.Judge(files, "cluster.local")) {
		t.Error(f)
	}
}
