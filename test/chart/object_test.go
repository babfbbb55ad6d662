package chart_test

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// clusterScoped are the kinds of the chart's that are in no namespace.
var clusterScoped = []string{"ValidatingWebhookConfiguration"}

// TestObjects holds what every object of the chart's has, whatever the values.
func TestObjects(t *testing.T) {
	eachValues(t, func(t *testing.T, file string) {
		seen := map[string]string{}
		for _, o := range objects(t, render(t, "--values", file)) {
			name := fmt.Sprintf("%s %s/%s", o.GroupVersionKind().GroupKind(), o.GetNamespace(), o.GetName())
			if seen[name] != "" {
				t.Errorf("%s: %s has it too", o, seen[name])
			}
			seen[name] = o.template
			if o.theirs() {
				continue
			}
			if got := o.GetNamespace() == ""; got != slices.Contains(clusterScoped, o.GetKind()) {
				t.Errorf("%s: its namespace is %q", o, o.GetNamespace())
			}
			labelled(t, o)
		}
	})
}

// labelled checks the labels that Kubernetes and Helm recommend. Those that speak of
// Helm and its chart are not on what the user owns once it is there.
func labelled(t *testing.T, o object) {
	t.Helper()
	want := []string{"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component", "app.kubernetes.io/part-of"}
	if o.template != "starter.yaml" {
		want = append(want, "app.kubernetes.io/managed-by", "app.kubernetes.io/version", "helm.sh/chart")
	}
	labels := o.GetLabels()
	for _, label := range want {
		if labels[label] == "" {
			t.Errorf("%s: it has no label %s", o, label)
		}
	}
	if got := labels["app.kubernetes.io/instance"]; got != release {
		t.Errorf("%s: its instance is %q", o, got)
	}
}

// TestContainers holds what Pod Security does not ask for, a read-only root and a user
// by number. That pods are "restricted" TestServer sees, by the API server's own word.
func TestContainers(t *testing.T) {
	eachValues(t, func(t *testing.T, file string) {
		pods := 0
		for _, o := range objects(t, render(t, "--values", file)) {
			spec, ok := podSpec(t, o)
			if !ok || o.theirs() {
				continue
			}
			pods++
			own := spec.Containers[0].SecurityContext // the first is the chart's, further ones are the user's
			if own == nil || own.ReadOnlyRootFilesystem == nil || !*own.ReadOnlyRootFilesystem {
				t.Errorf("%s: it may write to its root", o)
			}
			if all := spec.SecurityContext; all == nil || all.RunAsUser == nil || *all.RunAsUser == 0 {
				t.Errorf("%s: its user has no number, or is root", o)
			}
		}
		if pods == 0 {
			t.Error("no pods were rendered")
		}
	})
}

// podSpec returns the pods that an object makes or is.
func podSpec(t *testing.T, o object) (spec corev1.PodSpec, ok bool) {
	t.Helper()
	path := []string{"spec", "template", "spec"}
	if o.GetKind() == "Pod" {
		path = path[:1]
	}
	fields, ok, err := unstructured.NestedMap(o.Object, path...)
	if err != nil || !ok {
		return spec, false
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(fields, &spec); err != nil {
		t.Fatalf("%s: %v", o, err)
	}
	return spec, len(spec.Containers) > 0
}
