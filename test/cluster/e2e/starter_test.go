package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestP28StarterPoliciesBelongToTheUser: whatever Helm does, an edit of a starter
// policy stays, and an uninstallation leaves what is the user's and nothing else.
func TestP28StarterPoliciesBelongToTheUser(t *testing.T) {
	const edit = "deadline: 777ms"
	i := prepare(t, 1)
	settings := []string{"webhook.enabled=true", "policies.starter.create=true", "policies.namespaces={" + i.namespace + "}"}
	i.installed(settings...)
	starter := strings.TrimPrefix(strings.TrimSpace(kubectl(t, "", "get", "configmap", "-n", i.namespace, "-l", "hedged.dev/policy=true", "-o=name")), "configmap/")
	i.kubectlEdit(starter, i.namespace, "s/deadline: 500ms/"+edit+"/")
	stays := func(what string) {
		t.Helper()
		out := kubectl(t, "", "get", "configmap", "-n", i.namespace, starter, "-o=yaml")
		hold(t, strings.Contains(out, edit), "an edit of a starter policy, after "+what, fmt.Sprint(strings.Count(out, edit)), "is there", nil)
	}
	stays("kubectl edit")
	i.helm("upgrade", "--reuse-values", "--set=config.logLevel=debug")
	stays("helm upgrade")
	i.helm("upgrade", "--reuse-values", "--force-conflicts", "--set=config.logLevel=warn")
	stays("helm upgrade --force-conflicts")
	i.helm("rollback", "1")
	stays("helm rollback to the first revision")
	i.helm("uninstall")
	stays("helm uninstall")
	i.leaves("ConfigMap/" + starter)
	i.helm("install", append(set(settings), "-f", i.values)...)
	stays("helm install again")
	i.inForceAs(starter, edit)
}

// leaves waits until nothing is left in the release's namespace but that, and what
// every namespace has.
func (i *installation) leaves(users ...string) {
	i.t.Helper()
	kinds := strings.Fields(kubectl(i.t, "", "api-resources", "--namespaced", "--verbs=list,delete", "-o=name"))
	kinds = slices.DeleteFunc(kinds, func(k string) bool { return strings.HasPrefix(k, "events") || k == "endpoints" })
	every := []string{"ConfigMap/kube-root-ca.crt", "ServiceAccount/default"}
	want := slices.Sorted(slices.Values(append(every, users...)))
	var got []string
	eventually(i.t, "only the user's objects", time.Minute, func(context.Context) error {
		out := kubectl(i.t, "", "get", strings.Join(kinds, ","), "-n", i.namespace, "--ignore-not-found",
			"-o=jsonpath={range .items[*]}{.kind}/{.metadata.name}{\"\\n\"}{end}")
		got = slices.Sorted(slices.Values(strings.Fields(out)))
		if !slices.Equal(got, want) {
			return fmt.Errorf("%w: there are %v, want %v", errNotYet, got, want)
		}
		return nil
	})
	webhooks, err := world.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().List(i.t.Context(),
		metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=" + release})
	if err != nil {
		i.t.Fatal(err)
	}
	hold(i.t, len(webhooks.Items) == 0, "helm uninstall leaves", strings.Join(got, ", "), "the user's policies, and what every namespace has", nil)
}

// inForceAs waits until the pods serve a policy with that text.
func (i *installation) inForceAs(configMap, text string) {
	i.t.Helper()
	took := eventually(i.t, text+" in force", 20*time.Second, func(ctx context.Context) error {
		m, err := world.client.CoreV1().ConfigMaps(i.namespace).Get(ctx, configMap, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if !strings.Contains(m.Annotations["hedged.dev/status"], "Accepted") {
			return fmt.Errorf("%w: status %q", errNotYet, m.Annotations["hedged.dev/status"])
		}
		return nil
	})
	note(i.t, "the edited starter policy is accepted again", "after "+took.Round(time.Millisecond).String(), nil)
}
