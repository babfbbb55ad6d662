package chart_test

import (
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// dryRun has the API server judge manifests, with unknown fields and warnings as errors.
var dryRun = []string{"apply", "-f", "-", "--dry-run=server", "--validate=strict", "--warnings-as-errors"}

// TestServer has a real API server judge every manifest, as strictly as it can. Every
// namespace enforces the Pod Security of "restricted". The API server has no schema of the Prometheus operator's and of
// cert-manager's kinds: TestForeign decodes those.
func TestServer(t *testing.T) {
	config := kubeconfig(t)
	kubectl := func(t *testing.T, stdin string, arguments ...string) string {
		t.Helper()
		return run(t, stdin, "kubectl", append([]string{"--kubeconfig", config}, arguments...)...)
	}
	kubectl(t, "", "apply", "-f", "testdata/foreign.yaml")
	kubectl(t, "", "wait", "--for=condition=Established", "--timeout=1m", "-f", "testdata/foreign.yaml")

	eachValues(t, func(t *testing.T, file string) {
		manifests := render(t, "--values", file)
		kubectl(t, restricted(t, objects(t, manifests)), "apply", "-f", "-")
		kubectl(t, manifests, dryRun...)
	})
}

// restricted are the namespaces that objects are in.
func restricted(t *testing.T, all []object) string {
	t.Helper()
	names := map[string]bool{namespace: true}
	for _, o := range all {
		if o.GetNamespace() != "" {
			names[o.GetNamespace()] = true
		}
	}
	var manifests strings.Builder
	for name := range names {
		text, err := yaml.Marshal(map[string]any{
			"apiVersion": "v1", "kind": "Namespace",
			"metadata": map[string]any{"name": name, "labels": map[string]string{
				"pod-security.kubernetes.io/enforce": "restricted",
				"pod-security.kubernetes.io/warn":    "restricted",
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		manifests.WriteString("---\n" + string(text))
	}
	return manifests.String()
}

// foreignKinds are the kinds that other projects define.
var foreignKinds = []string{"ServiceMonitor", "PodMonitor", "PrometheusRule", "Certificate", "Issuer"}

// TestForeign decodes them with the types of these projects, unknown fields being
// errors, and fails if a kind is in no file of values.
func TestForeign(t *testing.T) {
	seen := map[string]bool{}
	eachValues(t, func(t *testing.T, file string) {
		for _, line := range strings.Fields(run(t, render(t, "--values", file), "strict")) {
			kind, _, _ := strings.Cut(line, "/")
			seen[kind] = true
		}
	})
	for _, kind := range foreignKinds {
		if !seen[kind] {
			t.Errorf("no file of values makes a %s", kind)
		}
	}
}

// TestForeignStrict makes sure that the decoder can fail.
func TestForeignStrict(t *testing.T) {
	const monitor = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: a}\nspec: {selector: {}, endpoint: []}\n"
	if _, err := try(t, monitor, "strict"); err == nil || !strings.Contains(err.Error(), `ServiceMonitor/a: error unmarshaling JSON: while decoding JSON: json: unknown field "endpoint"`) {
		t.Errorf("a field that does not exist: %v", err)
	}
}

// TestServerStrict makes sure that the API server can refuse: a container that is
// not restricted, and a field that does not exist.
func TestServerStrict(t *testing.T) {
	config := kubeconfig(t)
	f := func(name, want string, edit func(manifests string) string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			manifests := render(t)
			run(t, restricted(t, objects(t, manifests)), "kubectl", "--kubeconfig", config, "apply", "-f", "-")
			edited := edit(manifests)
			if edited == manifests {
				t.Fatal("the edit changes nothing")
			}
			_, err := try(t, edited, "kubectl", append([]string{"--kubeconfig", config}, dryRun...)...)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the message does not have %q: %v", want, err)
			}
		})
	}
	f("not restricted", "would violate PodSecurity", func(m string) string {
		return strings.ReplaceAll(m, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true")
	})
	f("an unknown field", `unknown field "spec.replica"`, func(m string) string {
		return strings.Replace(m, "  replicas: 2", "  replicas: 2\n  replica: 2", 1)
	})
}

// TestForeignDefinitions fails if a kind that TestForeign decodes has no definition for TestServer.
func TestForeignDefinitions(t *testing.T) {
	text, err := os.ReadFile("testdata/foreign.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range foreignKinds {
		if !strings.Contains(string(text), "kind: "+kind) {
			t.Errorf("testdata/foreign.yaml defines no %s", kind)
		}
	}
}
