package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/test/cluster/load"
)

// TestDisruption has pods of hedged killed and evicted while clients call them
// through the Service. A client sends a call once more whose connection is refused,
// after a second, as curl --retry 1 --retry-connrefused does: for about as long the
// Service's address leads to a pod that was killed, since the kubelet looks for ended
// containers once a second. What becomes of a client with less patience is noted.
func TestDisruption(t *testing.T) {
	i, _ := shop(t, 2)
	address := i.service(i.namespace, release)
	const what = "both pods SIGKILLed and evicted, one after the other"
	i.controlled("catalog", what, deadline, func(int) func(load.Result) {
		begin := time.Now()
		calls := load.Start(t.Context(), rate, deadline,
			load.To("through the Service", address, host, false).Persistent(time.Second),
			load.To("through the Service, sent again after 50 ms", address, host, false).Persistent(50*time.Millisecond))
		i.disrupted()
		results := calls.StopFair()
		return func(c load.Result) {
			note(t, what, results[1].String(), results[1])
			nearly(t, what, begin, results[0], c)
		}
	})
}

// disrupted has both pods of hedged killed, and then evicted.
func (i *installation) disrupted() {
	i.t.Helper()
	pass(2 * time.Second)
	for _, p := range i.pods() {
		kill(i.t, p, "hedged")
		took := i.restarted(p)
		note(i.t, "a pod SIGKILLed: it is ready again", "after "+took.Round(100*time.Millisecond).String(), nil)
		pass(8 * time.Second) // until kube-proxy knows, and longer
	}
	pods := i.pods()
	if err := i.evict(pods[0]); err != nil {
		i.t.Fatalf("the first eviction: %v", err)
	}
	err := i.evict(pods[1])
	hold(i.t, apierrors.IsTooManyRequests(err), "evicting the other pod at the same time", errorText(err), "refused by the PodDisruptionBudget", nil)
	took := eventually(i.t, "the budget to let the other pod go", 90*time.Second, func(context.Context) error {
		pass(200 * time.Millisecond)
		return i.evict(pods[1])
	})
	note(i.t, "the other pod is let go", "after "+took.Round(100*time.Millisecond).String(), nil)
	i.settled(2)
	pass(2 * time.Second)
}

// restarted waits until the program of a pod has been started once more and is ready.
func (i *installation) restarted(pod corev1.Pod) time.Duration {
	i.t.Helper()
	return eventually(i.t, "pod "+pod.Name+" to be restarted", 90*time.Second, func(ctx context.Context) error {
		p, err := world.client.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if s := p.Status.ContainerStatuses; len(s) != 1 || s[0].RestartCount == pod.Status.ContainerStatuses[0].RestartCount || !s[0].Ready {
			return errNotYet
		}
		return nil
	})
}

// settled waits until so many pods are ready, and no other is left.
func (i *installation) settled(replicas int) {
	i.t.Helper()
	eventually(i.t, fmt.Sprintf("%d pods to be ready", replicas), 90*time.Second, func(ctx context.Context) error {
		list, err := world.client.CoreV1().Pods(i.namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=hedged"})
		if err != nil {
			return err
		}
		if ready := len(i.pods()); ready != replicas || len(list.Items) != replicas {
			return fmt.Errorf("%w: %d of %d pods", errNotYet, ready, len(list.Items))
		}
		return nil
	})
}

// evict asks the Eviction API, which asks the PodDisruptionBudget.
func (i *installation) evict(pod corev1.Pod) error {
	return world.client.PolicyV1().Evictions(i.namespace).Evict(i.t.Context(), &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Namespace: i.namespace, Name: pod.Name},
	})
}
