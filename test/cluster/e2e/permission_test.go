package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestPermissions runs hedged with exactly the permissions of its Roles, and then
// without one of them at a time.
func TestPermissions(t *testing.T) {
	i, _ := shop(t, 1)
	i.written("catalog")
	pod := i.pods()[0]
	hold(t, !strings.Contains(i.log(pod.Name), " may not "), "with exactly the Role: refusals in the log", fmt.Sprint(strings.Count(i.log(pod.Name), " may not ")), "none", nil)

	var roles []rbacv1.Role
	for _, namespace := range []string{i.policies, i.namespace} {
		list, err := world.client.RbacV1().Roles(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=" + release})
		if err != nil || len(list.Items) != 1 {
			t.Fatalf("%d Roles in namespace %s, want one: %v", len(list.Items), namespace, err)
		}
		roles = append(roles, list.Items[0])
	}
	for _, whole := range roles {
		for n, rule := range whole.Rules {
			for _, verb := range rule.Verbs {
				without := whole.DeepCopy()
				without.ResourceVersion = ""
				without.Rules[n].Verbs = slices.DeleteFunc(slices.Clone(rule.Verbs), func(v string) bool { return v == verb })
				if len(rule.Verbs) == 1 {
					without.Rules = slices.Delete(without.Rules, n, n+1) // a rule without verbs is none
				}
				what := fmt.Sprintf("%s %s in namespace %s", verb, resource(rule.Resources[0], rule.APIGroups[0]), whole.Namespace)
				if _, err := world.client.RbacV1().Roles(whole.Namespace).Update(t.Context(), without, metav1.UpdateOptions{}); err != nil {
					t.Fatal(err)
				}
				i.withoutOne(what)
			}
		}
		whole.ResourceVersion = ""
		if _, err := world.client.RbacV1().Roles(whole.Namespace).Update(t.Context(), &whole, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// withoutOne starts hedged anew, has it do all that it does, and looks for what it
// says of what it may not.
func (i *installation) withoutOne(what string) {
	i.t.Helper()
	now := int64(0)
	for _, p := range i.pods() {
		if err := world.client.CoreV1().Pods(i.namespace).Delete(i.t.Context(), p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
			i.t.Fatal(err)
		}
	}
	// Everything that is kept has to be made, changed and removed in its turn.
	err := world.client.CoordinationV1().Leases(i.namespace).DeleteCollection(i.t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{})
	if err != nil {
		i.t.Fatal(err)
	}
	if strings.HasPrefix(what, "create configmaps") {
		err := world.client.CoreV1().ConfigMaps(i.namespace).DeleteCollection(i.t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "hedged.dev/last-good"})
		if err != nil {
			i.t.Fatal(err)
		}
	}
	edits := 0
	var line, name string
	next := time.Now()
	eventually(i.t, "a message on "+what, 45*time.Second, func(ctx context.Context) error {
		if time.Now().After(next) {
			next = next.Add(5 * time.Second)
			edits++
			if err := i.nudge(ctx, what, edits); err != nil {
				return err
			}
		}
		pass(200 * time.Millisecond)
		name, line = i.says(ctx, what)
		if line == "" {
			return errNotYet
		}
		return nil
	})
	pass(2 * time.Second)
	restarts := int32(-1)
	if p, err := world.client.CoreV1().Pods(i.namespace).Get(i.t.Context(), name, metav1.GetOptions{}); err == nil && len(p.Status.ContainerStatuses) > 0 {
		restarts = p.Status.ContainerStatuses[0].RestartCount
	}
	hold(i.t, restarts == 0, "may not "+what+": restarts", fmt.Sprint(restarts), "0, and a message", oneLine(line))
}

// nudge changes policies so that hedged has something to write.
func (i *installation) nudge(ctx context.Context, what string, nth int) error {
	if strings.HasPrefix(what, "delete ") {
		// So much takes two ConfigMaps to keep, and when it has gone, one.
		if nth == 1 {
			comment := strings.Repeat("# kept with its comments\n", 16<<10)
			i.create("large", comment+document("large", "large.test", "catalog", deadline))
		}
		if nth == 3 {
			return world.client.CoreV1().ConfigMaps(i.policies).Delete(ctx, "large", metav1.DeleteOptions{})
		}
		return nil
	}
	if nth%2 == 0 {
		return i.edit("catalog", "no policy") // what is refused makes an Event
	}
	// Another revision is kept anew.
	return i.edit("catalog", document("catalog", host, "catalog", deadline+time.Duration(nth)*time.Millisecond))
}

// says looks for the line of a daemon's log that tells of a refusal.
func (i *installation) says(ctx context.Context, what string) (pod, line string) {
	list, err := world.client.CoreV1().Pods(i.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", ""
	}
	for _, p := range list.Items {
		if p.DeletionTimestamp != nil {
			continue
		}
		for text := range strings.Lines(i.log(p.Name)) {
			if strings.Contains(text, " may not "+what) {
				return p.Name, text
			}
		}
	}
	return "", ""
}

func resource(name, group string) string {
	if group == "" {
		return name
	}
	return name + "." + group
}

// written waits for all that hedged writes: a status, an Event, the Lease, and what
// it keeps.
func (i *installation) written(configMap string) {
	i.t.Helper()
	eventually(i.t, "status, Event, Lease and last good revisions", 30*time.Second, func(ctx context.Context) error {
		m, err := world.client.CoreV1().ConfigMaps(i.policies).Get(ctx, configMap, metav1.GetOptions{})
		if err != nil {
			return err
		}
		events, err := world.client.EventsV1().Events(i.policies).List(ctx, metav1.ListOptions{FieldSelector: "regarding.name=" + configMap})
		if err != nil {
			return err
		}
		if _, err := world.client.CoordinationV1().Leases(i.namespace).Get(ctx, "hedged", metav1.GetOptions{}); err != nil {
			return err
		}
		kept, err := world.client.CoreV1().ConfigMaps(i.namespace).List(ctx, metav1.ListOptions{LabelSelector: "hedged.dev/last-good"})
		if err != nil {
			return err
		}
		if m.Annotations["hedged.dev/status"] == "" || len(events.Items) == 0 || len(kept.Items) == 0 {
			return fmt.Errorf("%w: status %q, %d Events, %d ConfigMaps with last good revisions",
				errNotYet, m.Annotations["hedged.dev/status"], len(events.Items), len(kept.Items))
		}
		return nil
	})
}

// log is what a pod has written; "" if it has not begun.
func (i *installation) log(pod string) string {
	out, err := execute(i.t.Context(), "", program("kubectl"), "logs", "-n", i.namespace, pod)
	if err != nil {
		return ""
	}
	return out
}
