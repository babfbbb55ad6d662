package e2e

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/test/cluster/manifests"
)

// installation is hedged in a namespace of its own, and policies and upstreams in
// another.
type installation struct {
	t         *testing.T
	namespace string
	policies  string
	values    string // a file: what the release is installed with
}

// prepare makes the namespaces. The first refuses pods that are not restricted.
func prepare(t *testing.T, replicas int) *installation {
	t.Helper()
	i := &installation{t: t, namespace: namespace(t, "hedged-"), policies: namespace(t, "shop-")}
	kubectl(t, "", "label", "namespace", i.namespace, "pod-security.kubernetes.io/enforce=restricted")
	i.values = i.write(i.settings(replicas))
	return i
}

// install has replicas of hedged ready, with more settings of the chart.
func install(t *testing.T, replicas int, settings ...string) *installation {
	t.Helper()
	i := prepare(t, replicas)
	i.installed(settings...)
	return i
}

// installed installs the chart.
func (i *installation) installed(settings ...string) {
	i.t.Helper()
	i.helm("install", append(set(settings), "-f", i.values)...)
	i.t.Cleanup(func() { // what the cluster has of it does not go with the namespace
		out, err := execute(context.Background(), "", program("helm"), "uninstall", release, "--namespace="+i.namespace, "--ignore-not-found")
		if err != nil {
			i.t.Errorf("helm uninstall: %v\n%s", err, out)
		}
	})
}

func (i *installation) render(name string, with any) {
	i.t.Helper()
	documents, err := manifests.Render(name, with)
	if err != nil {
		i.t.Fatal(err)
	}
	apply(i.t, documents)
}

func (i *installation) rolledOut(namespace, deployment string) {
	i.t.Helper()
	kubectl(i.t, "", "rollout", "status", "--timeout=90s", "-n", namespace, "deployment/"+deployment)
}

// upstream has endpoints ready behind a Service.
func (i *installation) upstream(name string, replicas int, env map[string]string) {
	i.t.Helper()
	i.render("upstream.yaml", manifests.Upstream{Namespace: i.policies, Name: name, Replicas: replicas, Env: env})
	i.rolledOut(i.policies, name)
}

// namespace makes a namespace that goes with the test.
func namespace(t *testing.T, prefix string) string {
	t.Helper()
	made, err := world.client.CoreV1().Namespaces().Create(t.Context(),
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		now := int64(0)
		err := world.client.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		if err != nil {
			t.Error(err)
		}
	})
	return made.Name
}

// pods are the daemons that are ready.
func (i *installation) pods() []corev1.Pod {
	return i.ready(i.namespace, "app.kubernetes.io/name=hedged")
}

func (i *installation) ready(namespace, labels string) []corev1.Pod {
	i.t.Helper()
	list, err := world.client.CoreV1().Pods(namespace).List(i.t.Context(), metav1.ListOptions{LabelSelector: labels})
	if err != nil {
		i.t.Fatal(err)
	}
	pods := slices.DeleteFunc(list.Items, func(p corev1.Pod) bool {
		return p.DeletionTimestamp != nil || !slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		})
	})
	slices.SortFunc(pods, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return pods
}

// addresses are those of pods, with a port.
func addresses(pods []corev1.Pod, port int) []string {
	var all []string
	for _, p := range pods {
		all = append(all, p.Status.PodIP+":"+strconv.Itoa(port))
	}
	return all
}

// service is the cluster's address of a Service, as soon as calls of it are
// answered.
func (i *installation) service(namespace, name string) string {
	i.t.Helper()
	s, err := world.client.CoreV1().Services(namespace).Get(i.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		i.t.Fatal(err)
	}
	address := fmt.Sprintf("%s:%d", s.Spec.ClusterIP, s.Spec.Ports[0].Port)
	eventually(i.t, "an answer of Service "+name, 20*time.Second, func(ctx context.Context) error {
		_, _, err := call(ctx, address, "anybody.test")
		return err
	})
	return address
}
