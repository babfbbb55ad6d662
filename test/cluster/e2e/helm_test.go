package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// release is what every test calls its release, and so what the chart calls its
// objects.
const release = "hedged"

// settings are the values that every test installs with: the image of this
// checkout, policies in a namespace of their own, and ends that do not take long.
func (i *installation) settings(replicas int) map[string]any {
	return map[string]any{
		"image":        map[string]any{"repository": "hedged.local/hedged", "tag": "1", "pullPolicy": "Never"},
		"replicaCount": replicas,
		"policies":     map[string]any{"namespaces": []string{i.policies}, "starter": map[string]any{"create": false}},
		"webhook":      map[string]any{"enabled": false},
		"shutdown":     map[string]any{"preStopSeconds": 3, "lameDuckSeconds": 2, "drainSeconds": 10},
		"telemetry":    map[string]any{"traces": map[string]any{"sampler": "always_off"}},
		"resources":    map[string]any{"requests": map[string]any{"cpu": "10m", "memory": "32Mi"}},
	}
}

// write puts values into a file for -f.
func (i *installation) write(values map[string]any) string {
	i.t.Helper()
	data, err := json.Marshal(values)
	if err != nil {
		i.t.Fatal(err)
	}
	file := filepath.Join(i.t.TempDir(), "values.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		i.t.Fatal(err)
	}
	return file
}

// helm runs helm on the release, which has to succeed.
func (i *installation) helm(command string, arguments ...string) string {
	i.t.Helper()
	out, err := i.tryHelm(command, arguments...)
	if err != nil {
		i.t.Fatalf("helm %s: %v\n%s\n%s", command, err, out, i.state())
	}
	return out
}

func (i *installation) tryHelm(command string, arguments ...string) (string, error) {
	argv := []string{program("helm"), command, release, "--namespace=" + i.namespace}
	switch command {
	case "install", "upgrade":
		argv = append(argv, world.chart, "--wait", "--timeout=90s")
	case "rollback", "uninstall":
		argv = append(argv, "--wait", "--timeout=90s")
	}
	return execute(i.t.Context(), "", append(argv, arguments...)...)
}

// state is what people look at when an installation does not get ready.
func (i *installation) state() string {
	var out strings.Builder
	for _, c := range [][]string{
		{"get", "all", "-n", i.namespace, "-o=wide"},
		{"get", "events", "-n", i.namespace, "--sort-by=.lastTimestamp"},
		{"logs", "-n", i.namespace, "-l", "app.kubernetes.io/name=hedged", "--tail=20"},
	} {
		text, _ := execute(i.t.Context(), "", append([]string{program("kubectl")}, c...)...)
		out.WriteString(text)
	}
	return out.String()
}

// set is --set for each of the settings.
func set(settings []string) []string {
	var out []string
	for _, s := range settings {
		out = append(out, "--set="+s)
	}
	return out
}
