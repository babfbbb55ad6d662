package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/load"
)

const (
	host = "catalog.test"
	// deadline is long beside the 5 ms of an answer: on two processors, what
	// Kubernetes does of a sudden takes both.
	deadline = 2 * time.Second
	rate     = 200
)

// shop is an installation with an upstream and a policy that is in force.
func shop(t *testing.T, replicas int, settings ...string) (*installation, string) {
	t.Helper()
	i := install(t, replicas, settings...)
	i.upstream("catalog", 3, map[string]string{"DELAY": "5ms"})
	i.create("catalog", document("catalog", host, "catalog", deadline))
	revision, _ := i.inForce(i.pods(), "catalog", "", 20*time.Second)
	return i, revision
}

func TestPolicyEdits(t *testing.T) {
	const edits = 20
	i, revision := shop(t, 3)
	pods := i.pods()
	if len(pods) != 3 {
		t.Fatalf("%d pods are ready", len(pods))
	}
	address := i.service(i.namespace, "hedged")
	i.controlled("catalog", "edits", deadline, func(int) func(load.Result) {
		begin := time.Now()
		calls := load.Start(t.Context(), rate, deadline, load.To("hedged", address, host, false))
		pass(time.Second)
		var slowest, sum time.Duration
		for n := range edits {
			text := document("catalog", host, "catalog", deadline+time.Duration(n+1)*time.Millisecond)
			if n%2 == 0 {
				kubectl(t, "", "patch", "configmap", "catalog", "-n", i.policies, "--type=merge", "--patch="+string(patchOf("catalog", text)))
			} else if err := i.edit("catalog", text); err != nil {
				t.Fatal(err)
			}
			var took time.Duration
			revision, took = i.inForce(pods, "catalog", revision, 10*time.Second)
			slowest, sum = max(slowest, took), sum+took
		}
		result := calls.StopFair()[0]
		return func(c load.Result) {
			within(t, fmt.Sprintf("%d edits, in force in every one of 3 pods, slowest", edits), slowest, 2*time.Second)
			note(t, "the same, mean", (sum / edits).Round(time.Millisecond).String(), nil)
			noneFailed(t, "calls meanwhile", begin, result, c)
		}
	})
}

func TestTypo(t *testing.T) {
	i, revision := shop(t, 3, "webhook.enabled=true")
	pods := i.pods()
	good := document("catalog", host, "catalog", 2*deadline)
	bad := strings.Replace(good, "  deadline:", "  fanOut: {maximum: 3}\n  deadline:", 1)
	fault := validated(t, bad)

	address := i.service(i.namespace, "hedged")
	patch := []string{program("kubectl"), "patch", "configmap", "catalog", "-n", i.policies, "--type=merge", "--patch=" + string(patchOf("catalog", bad))}
	i.controlled("catalog", "edits that are refused", deadline, func(int) func(load.Result) {
		begin := time.Now()
		calls := load.Start(t.Context(), rate, deadline, load.To("hedged", address, host, false))
		i.refused(patch, bad, fault)
		result := calls.StopFair()[0]
		return func(c load.Result) { noneFailed(t, "calls while edits are refused", begin, result, c) }
	})

	kubectl(t, "", "delete", "validatingwebhookconfiguration", "-l", "app.kubernetes.io/instance="+release)
	eventually(t, "the webhook to be gone", 20*time.Second, func(context.Context) error {
		_, err := execute(t.Context(), "", append(patch, "--dry-run=server")...)
		return err
	})
	parts := strings.SplitN(fault, ":", 3)
	position := parts[0] + ":" + parts[1]
	i.controlled("catalog", "a typo, and its mending", deadline, func(run int) func(load.Result) {
		begin := time.Now()
		calls := load.Start(t.Context(), rate, deadline, load.To("hedged", address, host, false))
		if err := i.edit("catalog", bad); err != nil {
			t.Fatal(err)
		}
		// The leader writes the status; the pods go on with what they had.
		var out string
		described := eventually(t, "the fault in kubectl describe", 20*time.Second, func(context.Context) error {
			out = kubectl(t, "", "describe", "configmap", "catalog", "-n", i.policies)
			if !strings.Contains(out, "PolicyInvalid") || !strings.Contains(out, position) {
				return errNotYet
			}
			return nil
		})
		for _, p := range pods {
			now, err := i.revision(t.Context(), p, "catalog")
			if err != nil || now != revision {
				t.Errorf("pod %s serves revision %q (%v); before the typo it was %q", p.Name, now, err, revision)
			}
		}
		if err := i.edit("catalog", document("catalog", host, "catalog", 2*deadline+time.Duration(run)*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		var mended time.Duration
		revision, mended = i.inForce(pods, "catalog", revision, 10*time.Second)
		result := calls.StopFair()[0]
		return func(c load.Result) {
			note(t, "webhook off: kubectl describe names line and column after", described.Round(time.Millisecond).String(), out)
			within(t, "mended, in force in every pod", mended, 2*time.Second)
			noneFailed(t, "calls meanwhile", begin, result, c)
		}
	})
}

// refused has the webhook refuse a document with a fault, however it is sent.
func (i *installation) refused(patch []string, bad, fault string) {
	t := i.t
	t.Helper()
	// The API server takes a moment to know of the webhook; a dry run changes nothing.
	var out string
	eventually(t, "the webhook's refusal", 20*time.Second, func(context.Context) error {
		var err error
		if out, err = execute(t.Context(), "", append(patch, "--dry-run=server")...); err == nil {
			return errNotYet
		}
		return nil
	})
	hold(t, strings.Contains(out, fault), "kubectl patch --dry-run=server", oneLine(out), "refused with "+fault, nil)
	out, err := execute(t.Context(), "", patch...)
	hold(t, err != nil && strings.Contains(out, fault), "kubectl patch", oneLine(out), "refused with "+fault, nil)
	out, err = execute(t.Context(), manifest(i.configMap("other", map[string]string{"other.yaml": bad})), program("kubectl"), "create", "-f", "-")
	hold(t, err != nil && strings.Contains(out, fault), "kubectl create", oneLine(out), "refused with "+fault, nil)
}

// validated is what `hedged validate` says of a document, from the line on.
func validated(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := execute(t.Context(), "", program("hedged"), "validate", file)
	if err == nil {
		t.Fatalf("hedged validate has nothing to say of\n%s", text)
	}
	for line := range strings.Lines(out) {
		if _, fault, ok := strings.Cut(line, file+":"); ok {
			return strings.TrimSpace(fault)
		}
	}
	t.Fatalf("hedged validate names no place:\n%s", out)
	return ""
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
