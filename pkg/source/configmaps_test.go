package source

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"hedged.dev/hedged/test/apiserver"
)

// following is a ConfigMaps on the real API server whose snapshots a test reads.
type following struct {
	*ConfigMaps
	t         *testing.T
	admin     *kubernetes.Clientset
	snapshots chan Snapshot
	log       *logged
	lists     atomic.Int32 // requests
	end       func()
}

// logged is a log that is read while it is written.
type logged struct {
	mu  sync.Mutex
	log bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.String()
}

func follow(t *testing.T, config *rest.Config, namespaces ...string) *following {
	t.Helper()
	f := &following{t: t, admin: apiserver.Client(t, server.Config), snapshots: make(chan Snapshot, 1000), log: &logged{}}
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return counter{next, &f.lists}
	})
	f.ConfigMaps = NewConfigMaps(ConfigMapOptions{
		Client:     apiserver.Client(t, config),
		Namespaces: namespaces,
		Log:        slog.New(slog.NewTextHandler(f.log, nil)),
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx, func(s Snapshot) { f.snapshots <- s }) }()
	f.end = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(bound):
			t.Error("Run does not end")
		}
	})
	t.Cleanup(f.end)
	return f
}

// counter counts requests that list.
type counter struct {
	next  http.RoundTripper
	lists *atomic.Int32
}

func (c counter) RoundTrip(r *http.Request) (*http.Response, error) {
	if !r.URL.Query().Has("watch") {
		c.lists.Add(1)
	}
	return c.next.RoundTrip(r)
}

// WrappedRoundTripper lets client-go close idle connections.
func (c counter) WrappedRoundTripper() http.RoundTripper { return c.next }

// next is the next snapshot: place → content, or the error's text after "error: ".
func (f *following) next() map[string]string {
	f.t.Helper()
	select {
	case s := <-f.snapshots:
		got := map[string]string{}
		for _, file := range s.Files {
			got[file.Place] = string(file.Data)
			if file.Err != nil {
				got[file.Place] = "error: " + file.Err.Error()
			}
		}
		return got
	case <-time.After(outage):
		f.t.Fatalf("no snapshot came; problem: %v; log:\n%s", f.Problem(), f.log)
		return nil
	}
}

// outage is enough for an API server to come back, on a machine with much to do,
// and for the source to ask it.
const outage = time.Minute

// expect checks the next snapshot. There must be no other before it.
func (f *following) expect(want map[string]string) {
	f.t.Helper()
	if diff := cmp.Diff(want, f.next()); diff != "" {
		f.t.Fatalf("snapshot (-want +got):\n%s", diff)
	}
}

func (f *following) eventually(what string, holds func() bool) {
	f.t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	timeout := time.After(outage)
	for !holds() {
		select {
		case <-look.C:
		case <-timeout:
			f.t.Fatalf("%s: not yet; problem: %v; log:\n%s", what, f.Problem(), f.log)
		}
	}
}

func (f *following) create(namespace, name string, data map[string]string) *corev1.ConfigMap {
	f.t.Helper()
	made, err := f.admin.CoreV1().ConfigMaps(namespace).Create(f.t.Context(), configMap(name, data), metav1.CreateOptions{})
	must(f.t, err)
	return made
}

func (f *following) patch(namespace, name, patch string) {
	f.t.Helper()
	_, err := f.admin.CoreV1().ConfigMaps(namespace).Patch(f.t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	must(f.t, err)
}

func (f *following) remove(namespace, name string) {
	f.t.Helper()
	must(f.t, f.admin.CoreV1().ConfigMaps(namespace).Delete(f.t.Context(), name, metav1.DeleteOptions{}))
}

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{PolicyLabel: "true"}},
		Data:       data,
	}
}

func TestConfigMapsKeysArePolicyFiles(t *testing.T) {
	ns := server.Namespace(t)
	admin := apiserver.Client(t, server.Config).CoreV1().ConfigMaps(ns)
	immutable := configMap("a", map[string]string{
		"a.yaml": "a", "b.yml": "b", "c.json": "c", // policies
		"_example": "not", "README.md": "not", "yaml": "not",
	})
	immutable.Immutable = new(true)
	binary := configMap("b", nil)
	binary.BinaryData = map[string][]byte{"d.yaml": {0xff}, "logo.png": {0xff}}
	unlabelled := configMap("c", map[string]string{"e.yaml": "not"})
	unlabelled.Labels[PolicyLabel] = "false"
	for _, c := range []*corev1.ConfigMap{immutable, binary, unlabelled} {
		_, err := admin.Create(t.Context(), c, metav1.CreateOptions{})
		must(t, err)
	}
	f := follow(t, server.Config, ns)
	s := <-f.snapshots
	var got []string
	for _, file := range s.Files {
		got = append(got, strings.TrimPrefix(file.Place, ns+"/"))
		if file.Namespace != ns || file.Created.IsZero() {
			t.Errorf("%s is of namespace %q, created %v", file.Place, file.Namespace, file.Created)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"a/a.yaml", "a/b.yml", "a/c.json", "b/d.yaml"}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if got := byName(s)["d.yaml"]; !strings.HasPrefix(got, "error: is in binaryData") {
		t.Errorf("binaryData is %q", got)
	}
}

func TestFirstSnapshotComesWhenAllNamespacesHaveBeenRead(t *testing.T) {
	allowed, refused := server.Namespace(t), server.Namespace(t)
	const reader = "reads-one"
	grant(t, allowed, reader, verbList, verbWatch)
	f := follow(t, server.As(reader), allowed, refused, allowed)
	f.create(allowed, "a", map[string]string{"a.yaml": "a"})
	f.eventually("one namespace is read, the other refused", func() bool {
		_, read := f.Object(allowed, "a")
		return read && f.Problem() != nil
	})
	f.create(refused, "b", map[string]string{"b.yaml": "b"})
	if len(f.snapshots) > 0 {
		t.Fatalf("a snapshot of one namespace: %v", f.next())
	}
	grant(t, refused, reader, verbList, verbWatch)
	f.expect(map[string]string{allowed + "/a/a.yaml": "a", refused + "/b/b.yaml": "b"})
}

func TestNamespaceWithoutConfigMapsIsAnEmptySnapshot(t *testing.T) {
	f := follow(t, server.Config, server.Namespace(t))
	f.expect(map[string]string{})
}

// TestP26RemovedKeyIsNotInTheSnapshot: nor is a removed or unlabelled ConfigMap.
func TestP26RemovedKeyIsNotInTheSnapshot(t *testing.T) {
	ns := server.Namespace(t)
	f := follow(t, server.Config, ns)
	f.expect(map[string]string{})
	f.create(ns, "a", map[string]string{"a.yaml": "a", "b.yaml": "b"})
	f.expect(map[string]string{ns + "/a/a.yaml": "a", ns + "/a/b.yaml": "b"})
	f.patch(ns, "a", `{"data": {"b.yaml": null}}`)
	f.expect(map[string]string{ns + "/a/a.yaml": "a"})
	f.patch(ns, "a", `{"data": {"a.yaml": "edited"}}`)
	f.expect(map[string]string{ns + "/a/a.yaml": "edited"})
	f.patch(ns, "a", `{"metadata": {"labels": {"hedged.dev/policy": null}}}`)
	f.expect(map[string]string{})
	f.patch(ns, "a", `{"metadata": {"labels": {"hedged.dev/policy": "true"}}}`)
	f.expect(map[string]string{ns + "/a/a.yaml": "edited"})
	f.remove(ns, "a")
	f.expect(map[string]string{})
}

// TestP27StatusAnnotationWakesNobody: it is noted, and nothing is emitted, neither
// for another annotation, a label beside ours, or a key that is no file.
func TestP27StatusAnnotationWakesNobody(t *testing.T) {
	ns := server.Namespace(t)
	f := follow(t, server.Config, ns)
	f.expect(map[string]string{})
	made := f.create(ns, "a", map[string]string{"a.yaml": "a"})
	f.expect(map[string]string{ns + "/a/a.yaml": "a"})
	if o, ok := f.Object(ns, "a"); !ok || o.UID != made.UID || o.Status != "" || o.Namespace != ns || o.Name != "a" {
		t.Errorf("object %+v", o)
	}
	f.patch(ns, "a", `{"metadata": {"labels": {"team": "shop"}, "annotations": {"team": "shop"}}, "data": {"README": "read"}}`)
	first, _ := f.Object(ns, "a")
	// So long that what would wake it does.
	status := ""
	for begin := time.Now(); time.Since(begin) < 10*burstPatience; {
		status = time.Now().String()
		f.patch(ns, "a", `{"metadata": {"annotations": {"hedged.dev/status": "`+status+`"}}}`)
	}
	f.eventually("the last status is seen", func() bool {
		o, _ := f.Object(ns, "a")
		return o.Status == status && o.ResourceVersion != made.ResourceVersion && o.Hash == first.Hash
	})
	if len(f.snapshots) > 0 {
		t.Fatalf("woken, and emitted %v", f.next())
	}
	f.patch(ns, "a", `{"data": {"a.yaml": "edited"}}`)
	f.expect(map[string]string{ns + "/a/a.yaml": "edited"})
	if o, _ := f.Object(ns, "a"); o.Hash == first.Hash || o.Hash == "" {
		t.Errorf("hash %q after an edit, %q before", o.Hash, first.Hash)
	}
	f.remove(ns, "a")
	f.expect(map[string]string{})
	if o, ok := f.Object(ns, "a"); ok {
		t.Errorf("it is gone, and known as %+v", o)
	}
	if o, ok := f.Object("elsewhere", "a"); ok {
		t.Errorf("a namespace that is not read has %+v", o)
	}
}

func TestMissingPermissionIsToldOnceAndRecovers(t *testing.T) {
	ns := server.Namespace(t)
	const reader = "reads-nothing"
	f := follow(t, server.As(reader), ns)
	f.create(ns, "a", map[string]string{"a.yaml": "a"})
	f.eventually("several requests", func() bool { return f.lists.Load() >= 3 })
	says := func(err error, words ...string) {
		t.Helper()
		for _, word := range words {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("the problem does not say %q: %v", word, err)
			}
		}
	}
	says(f.Problem(), reader, "may not list configmaps in namespace "+ns, "Role")

	grant(t, ns, reader, verbList)
	f.expect(map[string]string{ns + "/a/a.yaml": "a"})
	f.eventually("watch is refused", func() bool { return f.Problem() != nil })
	says(f.Problem(), reader, "may not watch configmaps in namespace "+ns, "Role")
	// Each new list finds what a watch would have told.
	f.create(ns, "b", map[string]string{"b.yaml": "b"})
	f.expect(map[string]string{ns + "/a/a.yaml": "a", ns + "/b/b.yaml": "b"})

	grant(t, ns, reader, verbList, verbWatch)
	f.eventually("nothing is in the way", func() bool { return f.Problem() == nil })
	f.patch(ns, "a", `{"data": {"a.yaml": "edited"}}`)
	f.expect(map[string]string{ns + "/a/a.yaml": "edited", ns + "/b/b.yaml": "b"})
	f.end()
	for line, want := range map[string]int{
		"may not list configmaps in namespace " + ns:  1,
		"may not watch configmaps in namespace " + ns: 1,
		"level=ERROR":                    2,
		`msg="policies can be read now"`: 2,
		"level=INFO":                     2,
	} {
		if n := strings.Count(f.log.String(), line); n != want {
			t.Errorf("%q is logged %d times, want %d:\n%s", line, n, want, f.log)
		}
	}
}

func TestRestartOfTheAPIServerIsSurvived(t *testing.T) {
	ns := server.Namespace(t)
	f := follow(t, server.Config, ns)
	f.expect(map[string]string{})
	f.create(ns, "a", map[string]string{"a.yaml": "a"})
	f.expect(map[string]string{ns + "/a/a.yaml": "a"})

	// The store goes on while the watch stands still, so that the API server that
	// comes back does not know the watch's version any more.
	other := server.Namespace(t)
	for range 3 {
		f.create(other, "of-others", nil)
		f.remove(other, "of-others")
	}
	lists := f.lists.Load()
	server.KillAPI()
	f.eventually("the outage is seen", func() bool { return f.Problem() != nil })
	must(t, server.StartAPI())
	f.eventually("it is listed anew, since the watch has expired", func() bool {
		return f.Problem() == nil && f.lists.Load() > lists
	})
	f.patch(ns, "a", `{"data": {"a.yaml": "edited"}}`)
	f.expect(map[string]string{ns + "/a/a.yaml": "edited"})
	f.end()
	// It is away, and perhaps then there without being ready.
	if n := strings.Count(f.log.String(), "level=ERROR"); n < 1 || n > 2 {
		t.Errorf("%d errors are logged of one outage:\n%s", n, f.log)
	}
}

func TestRunEndsWhileTheAPIServerIsAway(t *testing.T) {
	config := rest.CopyConfig(server.Config)
	config.Host = "https://127.0.0.1:1"
	f := follow(t, config, "shop")
	f.eventually("several requests", func() bool { return f.lists.Load() >= 2 })
	if err := f.Problem(); err == nil || !strings.Contains(err.Error(), "list configmaps in namespace shop: ") {
		t.Errorf("problem: %v", err)
	}
	f.end()
	if n := strings.Count(f.log.String(), "\n"); n != 1 {
		t.Errorf("%d lines are logged:\n%s", n, f.log)
	}
}

// grant gives a user these verbs on the ConfigMaps of a namespace, and no others.
func grant(t *testing.T, namespace, user string, verbs ...string) {
	t.Helper()
	rbac := apiserver.Client(t, server.Config).RbacV1()
	role := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: verbs}},
	}
	// An update makes a Role that is not there.
	_, err := rbac.Roles(namespace).Update(t.Context(), role, metav1.UpdateOptions{})
	must(t, err)
	_, err = rbac.RoleBindings(namespace).Update(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.UpdateOptions{})
	must(t, err)
}

// Object finds a ConfigMap as last seen.
func (c *ConfigMaps) Object(namespace, name string) (o Object, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.namespaces {
		if n.name == namespace {
			found, ok := n.objects[name]
			return found.Object, ok
		}
	}
	return Object{}, false
}
