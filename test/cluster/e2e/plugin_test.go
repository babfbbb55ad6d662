package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/load"
)

// TestPlugin asks what runs through kubectl, which finds the plugin on its PATH.
func TestPlugin(t *testing.T) {
	i, revision := shop(t, 3)
	i.written("catalog")
	calls := load.Start(t.Context(), rate, deadline, load.To("hedged", i.service(i.namespace, "hedged"), host, false))
	defer calls.Stop()
	pass(2 * time.Second)
	where := []string{"-n", i.policies, "--daemon-namespace", i.namespace}
	for _, c := range []struct {
		arguments []string
		want      []string
	}{
		{[]string{"status"}, []string{i.policies + "/catalog", "Accepted", "Programmed", revision[:6], "3"}},
		{[]string{"status", "-o", "json"}, []string{`"conditions"`, revision}},
		{[]string{"explain", "catalog"}, []string{"catalog"}},
		{[]string{"top", "--once"}, []string{"catalog"}},
	} {
		out, err := execute(t.Context(), "", append(append([]string{program("kubectl"), "hedged"}, c.arguments...), where...)...)
		missing := ""
		for _, w := range c.want {
			if !strings.Contains(out, w) {
				missing += " " + w
			}
		}
		hold(t, err == nil && missing == "", "kubectl hedged "+strings.Join(c.arguments, " "), "error "+errorText(err)+", missing"+orNothing(missing), "all said", out)
		if t.Failed() {
			t.Log(out)
		}
	}
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(document("catalog", host, "catalog", deadline), "deadline", "dedline", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := execute(t.Context(), "", program("kubectl"), "hedged", "validate", "-f", file)
	hold(t, err != nil && strings.Contains(out, "dedline"), "kubectl hedged validate -f", oneLine(out), "names the typo", nil)
}

func errorText(err error) string {
	if err == nil {
		return "none"
	}
	return err.Error()
}

func orNothing(text string) string {
	if text == "" {
		return " nothing"
	}
	return text
}
