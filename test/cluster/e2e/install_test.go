package e2e

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/test/cluster/manifests"
	"hedged.dev/hedged/test/cluster/pki"
)

// installation is hedged in a namespace of its own, and policies and upstreams in
// another.
type installation struct {
	t         *testing.T
	namespace string
	policies  string
	authority []byte // of the webhook's certificate
}

// prepare makes the namespaces, and all that hedged needs but its pods.
func prepare(t *testing.T) *installation {
	t.Helper()
	i := &installation{t: t, namespace: namespace(t, "hedged-"), policies: namespace(t, "shop-")}
	authority, err := pki.NewAuthority("webhook")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue(pki.Subject{Name: "hedged", Hosts: []string{"hedged." + i.namespace + ".svc"}})
	if err != nil {
		t.Fatal(err)
	}
	i.authority = authority.Certificate
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "hedged-webhook"}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{corev1.TLSCertKey: pair.Certificate, corev1.TLSPrivateKeyKey: pair.Key},
	}
	if _, err := world.client.CoreV1().Secrets(i.namespace).Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return i
}

// install has replicas of hedged ready.
func install(t *testing.T, replicas int, flags ...string) *installation {
	t.Helper()
	i := prepare(t)
	i.deploy(replicas, flags...)
	return i
}

func (i *installation) deploy(replicas int, flags ...string) {
	i.t.Helper()
	i.render("hedged.yaml", manifests.Hedged{Namespace: i.namespace, Policies: i.policies, Replicas: replicas, Flags: flags})
	i.rolledOut(i.namespace, "hedged")
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

// webhook has the API server ask hedged about policies. remove ends that.
func (i *installation) webhook() (remove func()) {
	i.t.Helper()
	i.render("webhook.yaml", manifests.Webhook{
		Namespace: i.namespace, Policies: i.policies, Authority: base64.StdEncoding.EncodeToString(i.authority),
	})
	remove = func() {
		err := world.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().
			Delete(context.Background(), i.namespace, metav1.DeleteOptions{})
		if err != nil {
			i.t.Error(err)
		}
	}
	return remove
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
