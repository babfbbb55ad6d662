package discovery

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"hedged.dev/hedged/test/apiserver"
)

// follow runs Services until the test ends.
func follow(t *testing.T, as *rest.Config, log io.Writer) *Services {
	t.Helper()
	s := NewServices(ServicesOptions{Client: apiserver.Client(t, as), Zone: "a", Log: slog.New(slog.NewTextHandler(log, nil))})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

// shop is a namespace in which things are made and changed.
type shop struct {
	*testing.T
	client    *kubernetes.Clientset
	namespace string
}

func newShop(t *testing.T) shop {
	t.Helper()
	return shop{t, apiserver.Client(t, server.Config), server.Namespace(t)}
}

func (s shop) service(port string) Service {
	return Service{Namespace: s.namespace, Name: "catalog", Port: port}
}

func (s shop) create(objects ...any) {
	s.Helper()
	for _, o := range objects {
		var err error
		switch o := o.(type) {
		case *corev1.Service:
			_, err = s.client.CoreV1().Services(s.namespace).Create(context.Background(), o, metav1.CreateOptions{})
		case *discoveryv1.EndpointSlice:
			_, err = s.client.DiscoveryV1().EndpointSlices(s.namespace).Create(context.Background(), o, metav1.CreateOptions{})
		}
		if err != nil {
			s.Fatal(err)
		}
	}
}

func (s shop) update(objects ...any) {
	s.Helper()
	for _, o := range objects {
		var err error
		switch o := o.(type) {
		case *corev1.Service:
			_, err = s.client.CoreV1().Services(s.namespace).Update(context.Background(), o, metav1.UpdateOptions{})
		case *discoveryv1.EndpointSlice:
			_, err = s.client.DiscoveryV1().EndpointSlices(s.namespace).Update(context.Background(), o, metav1.UpdateOptions{})
		}
		if err != nil {
			s.Fatal(err)
		}
	}
}

// plain leaves what is particular to a cluster's network to the API server.
func plain(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.IPFamilies = "", nil }

func problem(words ...string) func(Set) bool {
	return func(s Set) bool {
		for _, w := range words {
			if !strings.Contains(text(s.Problem), w) {
				return false
			}
		}
		return s.Problem != nil
	}
}

func TestServiceComesAndGoes(t *testing.T) {
	t.Parallel()
	shop, services, d := newShop(t), follow(t, server.Config, io.Discard), newDiary()
	if !services.Synced() {
		t.Error("not synced although nobody watches")
	}
	stop := services.Watch(shop.service("http"), d.update)
	defer stop()
	s := d.await(t, "the Service's absence", problem("Service "+shop.namespace+"/catalog does not exist"))
	if !s.NotFound || !services.Synced() {
		t.Errorf("%+v, synced: %v", s, services.Synced())
	}
	shop.create(catalog(plain))
	d.await(t, "the Service", has(""))
	shop.create(slicing("x", at("10.0.0.1", hint("a")), at("10.0.0.2", hint("b"))), slicing("y", at("10.0.0.3", hint("b"))))
	d.await(t, "its endpoints", has("10.0.0.1:8080* 10.0.0.2:8080 10.0.0.3:8080"))
	shop.update(slicing("x", at("10.0.0.2", conditions(false, true, true))))
	d.await(t, "endpoints to leave", has("10.0.0.3:8080"))
	if err := shop.client.DiscoveryV1().EndpointSlices(shop.namespace).Delete(t.Context(), "y", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	d.await(t, "the one that is left and leaves", has("10.0.0.2:8080"))

	second := newDiary()
	defer services.Watch(shop.service("grpc"), second.update)()
	if s, told, _ := second.last(); told != 1 || addresses(s) != "10.0.0.2:9999" {
		t.Errorf("what is known was not told before Watch returned: %+v", s)
	}
	if err := shop.client.CoreV1().Services(shop.namespace).Delete(t.Context(), "catalog", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	d.await(t, "the Service's end", problem("does not exist"))
	stop()
	_, told, _ := d.last()
	shop.create(catalog(plain))
	second.await(t, "the Service's return", has("10.0.0.2:9999"))
	if _, now, _ := d.last(); now != told {
		t.Error("told after stop")
	}
}

func TestServiceGetsThePortThatWasMissing(t *testing.T) {
	t.Parallel()
	shop, services, d := newShop(t), follow(t, server.Config, io.Discard), newDiary()
	shop.create(catalog(plain), slicing("x", at("10.0.0.1")))
	defer services.Watch(shop.service("web"), d.update)()
	d.await(t, "the port's absence", problem("no TCP port web", "http (80), grpc (9090)"))
	_, err := shop.client.CoreV1().Services(shop.namespace).Patch(t.Context(), "catalog", "application/json-patch+json",
		[]byte(`[{"op":"replace","path":"/spec/ports/0/name","value":"web"}]`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.await(t, "the Service's port", has("")) // which its slice does not have yet
	renamed := slicing("x", at("10.0.0.1"))
	renamed.Ports[1].Name = new("web")
	shop.update(renamed)
	d.await(t, "the slice's port", has("10.0.0.1:8080"))
}

func TestHeadlessServiceWithoutSelectorAndPorts(t *testing.T) {
	t.Parallel()
	shop, services, d := newShop(t), follow(t, server.Config, io.Discard), newDiary()
	shop.create(catalog(plain, func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.Ports = corev1.ClusterIPNone, nil }))
	slice := slicing("x", at("10.0.0.1"))
	slice.Ports = nil
	shop.create(slice)
	defer services.Watch(shop.service("5432"), d.update)()
	d.await(t, "the endpoint", has("10.0.0.1:5432"))
}

func TestExternalNameIsNoUpstream(t *testing.T) {
	t.Parallel()
	shop, services, d := newShop(t), follow(t, server.Config, io.Discard), newDiary()
	shop.create(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "catalog"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "catalog.example.com"},
	})
	defer services.Watch(shop.service("80"), d.update)()
	if s := d.await(t, "the remedy", problem("upstream.dns", "catalog.example.com")); !s.NotFound {
		t.Errorf("%+v", s)
	}
}

// ledger is a log that may be read while it is written.
type ledger struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *ledger) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *ledger) count(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), words)
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// grant gives a user the least Role that Services need.
func (s shop) grant(user string, resources ...string) {
	s.Helper()
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: user}}
	for _, r := range resources {
		resource, group, _ := strings.Cut(r, ".")
		role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{"list", "watch"}})
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: user},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: user},
		Subjects:   []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: user}},
	}
	if _, err := s.client.RbacV1().Roles(s.namespace).Create(context.Background(), role, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
	if _, err := s.client.RbacV1().RoleBindings(s.namespace).Create(context.Background(), binding, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
}

// A missing permission is told with its verb, resource and namespace, once, and
// its coming is noticed without a restart. To list and to watch is all it takes.
func TestPermissionThatIsMissing(t *testing.T) {
	t.Parallel()
	var log ledger
	shop, services, d := newShop(t), follow(t, server.As("reader"), &log), newDiary()
	shop.create(catalog(plain), slicing("x", at("10.0.0.1")))
	defer services.Watch(shop.service("http"), d.update)()
	s := d.await(t, "the refusal", problem("list services", "namespace "+shop.namespace, `user "reader"`, "Role"))
	if s.NotFound || !services.Synced() {
		t.Errorf("%+v, synced: %v", s, services.Synced())
	}
	shop.grant("reader", servicesResource)
	d.await(t, "the other refusal", problem("list endpointslices.discovery.k8s.io", "namespace "+shop.namespace))
	for _, r := range []string{servicesResource, slicesResource} {
		if n := log.count(`msg="` + r + ` cannot be read`); n != 1 {
			t.Errorf("%s: refusal told %d times: %s", r, n, log.String())
		}
	}
	shop.grant("reader-too", slicesResource)
	role, err := shop.client.RbacV1().RoleBindings(shop.namespace).Get(t.Context(), "reader-too", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	role.Subjects[0].Name = "reader"
	if _, err := shop.client.RbacV1().RoleBindings(shop.namespace).Update(t.Context(), role, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	d.await(t, "the endpoints", has("10.0.0.1:8080"))
	if n := log.count("can be read again"); n != 2 {
		t.Errorf("its end told %d times: %s", n, log.String())
	}
}

// While the API server is away what was found stands, and what changed meanwhile
// is found when it is back. It runs alone: the others need the server.
func TestAPIServerThatIsAway(t *testing.T) {
	var log ledger
	shop, services, d := newShop(t), follow(t, server.Config, &log), newDiary()
	shop.create(catalog(plain), slicing("x", at("10.0.0.1"), at("10.0.0.2")))
	defer services.Watch(shop.service("http"), d.update)()
	d.await(t, "the endpoints", has("10.0.0.1:8080 10.0.0.2:8080"))
	server.KillAPI()
	s := d.await(t, "the outage", problem("in namespace "+shop.namespace))
	if addresses(s) != "10.0.0.1:8080 10.0.0.2:8080" || s.NotFound {
		t.Errorf("%+v", s)
	}
	late := newDiary()
	defer services.Watch(shop.service("http"), late.update)()
	if s, told, _ := late.last(); told != 1 || addresses(s) != "10.0.0.1:8080 10.0.0.2:8080" {
		t.Errorf("told %d times: %+v", told, s)
	}
	if err := server.StartAPI(); err != nil {
		t.Fatal(err)
	}
	shop.update(slicing("x", at("10.0.0.2"), at("10.0.0.3")))
	d.await(t, "the change", has("10.0.0.2:8080 10.0.0.3:8080"))
	if n := log.count("cannot be read"); n > 2 {
		t.Errorf("the outage of 2 resources told %d times: %s", n, log.String())
	}
}

// Synced reports whether every namespace with a watched Service has been read, or
// could not be.
func (s *Services) Synced() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.namespaces {
		if !n.settled() {
			return false
		}
	}
	return true
}

// settled reports whether there is something to tell.
func (n *namespace) settled() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.read() || n.problem() != nil
}
