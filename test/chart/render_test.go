package chart_test

import (
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Release and namespace that charts are rendered for.
const (
	release   = "trial"
	namespace = "release"
)

// values are the files of values that the chart is tried with.
func values(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chart, "ci", "*-values.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of values in charts/hedged/ci: %v", err)
	}
	return files
}

// eachValues runs a test for every file of values.
func eachValues(t *testing.T, f func(t *testing.T, file string)) {
	for _, file := range values(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), "-values.yaml"), func(t *testing.T) { f(t, file) })
	}
}

// render returns the manifests that Helm makes of the chart, its tests included.
func render(t *testing.T, arguments ...string) string {
	t.Helper()
	return run(t, "", "helm", append([]string{"template", release, chart, "--namespace", namespace}, arguments...)...)
}

// object is one manifest and the template that it comes from.
type object struct {
	unstructured.Unstructured
	template string // such as deployment.yaml
}

// theirs reports whether the user has written it: it is rendered as it stands.
func (o object) theirs() bool { return o.template == "extra.yaml" }

func (o object) String() string {
	return o.template + ": " + o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}

// objects separates manifests.
func objects(t *testing.T, manifests string) (all []object) {
	t.Helper()
	template := ""
	for _, document := range strings.Split("\n"+manifests, "\n---") {
		if _, after, ok := strings.Cut(document, "# Source: hedged/templates/"); ok {
			template, _, _ = strings.Cut(after, "\n")
		}
		o := object{template: template}
		if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
			t.Fatalf("%v:\n%s", err, document)
		}
		if len(o.Object) > 0 {
			all = append(all, o)
		}
	}
	if len(all) == 0 {
		t.Fatal("nothing was rendered")
	}
	return all
}
