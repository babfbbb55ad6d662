package kube

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"hedged.dev/hedged/pkg/source"
	"hedged.dev/hedged/test/apiserver"
)

// bound is the time for what is expected to come; nothing waits it out.
const bound = 30 * time.Second

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits until check has nothing to complain of.
func eventually(t *testing.T, check func() error) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(bound)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatal(err)
		}
	}
}

// wire counts the requests that change something, and can be cut.
type wire struct {
	http.RoundTripper
	writes *atomic.Int64
	left   *atomic.Int64 // writes that it still lets through
	cut    *atomic.Bool
}

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.cut.Load() {
		return nil, errors.New("the wire is cut")
	}
	if r.Method != http.MethodGet {
		if w.left.Add(-1) < 0 {
			return nil, errors.New("the wire is cut")
		}
		w.writes.Add(1)
	}
	return w.RoundTripper.RoundTrip(r)
}

// WrappedRoundTripper lets the end of a test close what lies beneath.
func (w wire) WrappedRoundTripper() http.RoundTripper { return w.RoundTripper }

// place is a namespace with a client.
type place struct {
	t         *testing.T
	namespace string
	client    *kubernetes.Clientset
	writes    atomic.Int64
	left      atomic.Int64
	cut       atomic.Bool
	log       *book
}

func newPlace(t *testing.T) *place {
	return newPlaceAs(t, server.Namespace(t), server.Config)
}

func newPlaceAs(t *testing.T, namespace string, config *rest.Config) *place {
	p := &place{t: t, namespace: namespace, log: &book{}}
	p.left.Store(math.MaxInt64)
	c := rest.CopyConfig(config)
	c.Wrap(func(rt http.RoundTripper) http.RoundTripper { return wire{rt, &p.writes, &p.left, &p.cut} })
	p.client = apiserver.Client(t, c)
	return p
}

// as is the same namespace for a user whose Role there is these rules. It has no
// other rights.
func (p *place) as(user string, rules ...rbacv1.PolicyRule) *place {
	p.t.Helper()
	meta := metav1.ObjectMeta{Name: user}
	rbac := p.client.RbacV1()
	_, err := rbac.Roles(p.namespace).Create(p.t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
	must(p.t, err)
	_, err = rbac.RoleBindings(p.namespace).Create(p.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: p.namespace, Name: user}},
	}, metav1.CreateOptions{})
	must(p.t, err)
	return newPlaceAs(p.t, p.namespace, server.As("system:serviceaccount:"+p.namespace+":"+user))
}

func (p *place) create(name string, data map[string]string) *corev1.ConfigMap {
	p.t.Helper()
	m, err := p.client.CoreV1().ConfigMaps(p.namespace).Create(p.t.Context(), &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{source.PolicyLabel: "true"}},
		Data:       data,
	}, metav1.CreateOptions{})
	must(p.t, err)
	return m
}

func (p *place) get(name string) *corev1.ConfigMap {
	p.t.Helper()
	m, err := p.client.CoreV1().ConfigMaps(p.namespace).Get(p.t.Context(), name, metav1.GetOptions{})
	must(p.t, err)
	return m
}

func (p *place) status(name string) Status {
	p.t.Helper()
	s, err := ParseStatus(p.get(name).Annotations[source.StatusAnnotation])
	must(p.t, err)
	return s
}

// objects are the ConfigMaps as they are now.
func (p *place) objects() []source.Object {
	list, err := p.client.CoreV1().ConfigMaps(p.namespace).List(context.Background(), metav1.ListOptions{LabelSelector: source.PolicyLabel})
	if err != nil {
		p.t.Error(err)
		return nil
	}
	var out []source.Object
	for i := range list.Items {
		m := &list.Items[i]
		out = append(out, source.Object{
			Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion,
			Status: m.Annotations[source.StatusAnnotation], Hash: "hash of " + strings.Join(sortedValues(m.Data), ","),
		})
	}
	return out
}

// events are the notes of the Events that kubectl describe shows of a ConfigMap,
// each after its type and reason.
func (p *place) events(m *corev1.ConfigMap) []string {
	p.t.Helper()
	selector := p.client.CoreV1().Events("").GetFieldSelector(&m.Name, &m.Namespace, new("ConfigMap"), new(string(m.UID)))
	list, err := p.client.CoreV1().Events(m.Namespace).List(p.t.Context(), metav1.ListOptions{FieldSelector: selector.String()})
	must(p.t, err)
	var out []string
	for _, e := range list.Items {
		out = append(out, e.Type+" "+e.Reason+" "+e.Message)
	}
	return out
}

// book is a log that a test reads.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *book) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

// count is how many lines have this text.
func (b *book) count(text string) int {
	n := 0
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
