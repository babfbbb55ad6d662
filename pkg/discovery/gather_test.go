package discovery

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// catalog is a Service with ports http (80) and grpc (9090), and one of UDP.
func catalog(edit ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "catalog"},
		Spec: corev1.ServiceSpec{ClusterIP: "10.96.0.10", IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}, Ports: []corev1.ServicePort{
			{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP},
			{Name: "grpc", Port: 9090},
			{Name: "stats", Port: 8125, Protocol: corev1.ProtocolUDP},
		}},
	}
	for _, e := range edit {
		e(s)
	}
	return s
}

// slicing is an EndpointSlice of catalog whose port http is 8080.
func slicing(name string, endpoints ...discoveryv1.Endpoint) *discoveryv1.EndpointSlice {
	return &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: "catalog"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports: []discoveryv1.EndpointPort{
			{Name: new("stats"), Port: new(int32(8125)), Protocol: new(corev1.ProtocolUDP)},
			{Name: new("http"), Port: new(int32(8080)), Protocol: new(corev1.ProtocolTCP)},
			{Name: new("grpc"), Port: new(int32(9999))},
		},
		Endpoints: endpoints,
	}
}

func ipv6(s *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	s.AddressType = discoveryv1.AddressTypeIPv6
	return s
}

// at is an endpoint of which nothing but the address is told.
func at(ip string, edit ...func(*discoveryv1.Endpoint)) discoveryv1.Endpoint {
	e := discoveryv1.Endpoint{Addresses: []string{ip}}
	for _, f := range edit {
		f(&e)
	}
	return e
}

func conditions(ready, serving, terminating bool) func(*discoveryv1.Endpoint) {
	return func(e *discoveryv1.Endpoint) {
		e.Conditions = discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating}
	}
}

func pod(uid string) func(*discoveryv1.Endpoint) {
	return func(e *discoveryv1.Endpoint) {
		e.TargetRef = &corev1.ObjectReference{Kind: "Pod", UID: types.UID(uid)}
	}
}

func hint(zones ...string) func(*discoveryv1.Endpoint) {
	return func(e *discoveryv1.Endpoint) {
		e.Hints = &discoveryv1.EndpointHints{}
		for _, z := range zones {
			e.Hints.ForZones = append(e.Hints.ForZones, discoveryv1.ForZone{Name: z})
		}
	}
}

// found is what there is at a port of a Service and its slices, seen from zone a.
func found(port string, s *corev1.Service, all ...*discoveryv1.EndpointSlice) Set {
	shelf := newShelf()
	for _, one := range all {
		shelf.put(portraySlice(one, "a"))
	}
	var kept *service
	if s != nil {
		kept = portrayService(s)
	}
	return gather(Service{Namespace: "shop", Name: "catalog", Port: port}, kept, shelf.of["catalog"])
}

func TestEndpointsOfAService(t *testing.T) {
	var (
		ready   = conditions(true, true, false)
		unready = conditions(false, false, false)
		leaving = conditions(false, true, true)
		dying   = conditions(false, false, true)
	)
	f := func(name, want string, s *corev1.Service, all ...*discoveryv1.EndpointSlice) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			if got := found("http", s, all...); addresses(got) != want || got.Problem != nil || got.NotFound {
				t.Errorf("%q, want %q: %+v", addresses(got), want, got)
			}
		})
	}
	f("none", "", catalog())
	f("what no condition is told of is ready", "10.0.0.1:8080", catalog(), slicing("x", at("10.0.0.1")))
	f("ready ones only", "10.0.0.1:8080", catalog(),
		slicing("x", at("10.0.0.1", ready), at("10.0.0.2", unready), at("10.0.0.3", leaving), at("10.0.0.4", dying)))
	f("else those that leave and serve", "10.0.0.3:8080", catalog(),
		slicing("x", at("10.0.0.2", unready), at("10.0.0.3", leaving), at("10.0.0.4", dying)))
	f("else none", "", catalog(), slicing("x", at("10.0.0.2", unready), at("10.0.0.4", dying)))
	f("one that serves, is not ready and does not leave is not had", "", catalog(),
		slicing("x", at("10.0.0.1", conditions(false, true, false))))
	f("of several slices, by address", "10.0.0.1:8080 10.0.0.2:8080 10.0.0.3:8080", catalog(),
		slicing("x", at("10.0.0.3", leaving), at("10.0.0.3", ready)), slicing("y", at("10.0.0.2")), slicing("z", at("10.0.0.1")))
	f("a ready one in any slice outweighs leaving ones in others", "10.0.0.9:8080", catalog(),
		slicing("x", at("10.0.0.1", leaving)), slicing("y", at("10.0.0.9", ready)))
	f("published although not ready", "10.0.0.1:8080", catalog(func(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true }),
		slicing("x", at("10.0.0.1", conditions(true, false, true)))) // as the controller writes it then
	f("of other address types none", "", catalog(), func() *discoveryv1.EndpointSlice {
		s := slicing("x", at("catalog.example"))
		s.AddressType = discoveryv1.AddressTypeFQDN
		return s
	}())
	f("only the first address has a meaning", "10.0.0.1:8080", catalog(),
		slicing("x", at("10.0.0.1", func(e *discoveryv1.Endpoint) { e.Addresses = append(e.Addresses, "10.0.0.2") })))
	f("a slice without the port", "10.0.0.1:8080", catalog(), slicing("x", at("10.0.0.1")), func() *discoveryv1.EndpointSlice {
		s := slicing("y", at("10.0.0.2"))
		s.Ports = []discoveryv1.EndpointPort{{Name: new("http")}, {Name: new("other"), Port: new(int32(1))}}
		return s
	}())
	f("a port that differs by slice", "10.0.0.1:8080 10.0.0.2:7070", catalog(), slicing("x", at("10.0.0.1")), func() *discoveryv1.EndpointSlice {
		s := slicing("y", at("10.0.0.2"))
		s.Ports[1].Port = new(int32(7070))
		return s
	}())
}

func TestDualStackGivesOneAddressAPod(t *testing.T) {
	dual := func(first, second corev1.IPFamily) *corev1.Service {
		return catalog(func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{first, second} })
	}
	four := slicing("four", at("10.0.0.1", pod("p")), at("10.0.0.2", pod("q")))
	six := ipv6(slicing("six", at("fd00::1", pod("p")), at("fd00::3", pod("r"))))
	f := func(want string, s *corev1.Service, all ...*discoveryv1.EndpointSlice) {
		t.Helper()
		if got := addresses(found("http", s, all...)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f("10.0.0.1:8080 10.0.0.2:8080 [fd00::3]:8080", dual(corev1.IPv4Protocol, corev1.IPv6Protocol), four, six)
	f("10.0.0.2:8080 [fd00::1]:8080 [fd00::3]:8080", dual(corev1.IPv6Protocol, corev1.IPv4Protocol), four, six)
	// The preferred family's word counts, so that a pod which leaves is not had at its other address.
	left := slicing("four", at("10.0.0.1", pod("p"), conditions(false, false, true)), at("10.0.0.2", pod("q")))
	f("10.0.0.2:8080 [fd00::3]:8080", dual(corev1.IPv4Protocol, corev1.IPv6Protocol), left, six)
	// While a pod is moved between two slices it is in both.
	f("10.0.0.1:8080", catalog(), slicing("x", at("10.0.0.1", pod("p"), conditions(false, true, true))), slicing("y", at("10.0.0.1", pod("p"))))
	// Without a pod every address counts.
	f("10.0.0.1:8080 [fd00::1]:8080", dual(corev1.IPv4Protocol, corev1.IPv6Protocol), slicing("x", at("10.0.0.1")), ipv6(slicing("y", at("fd00::1"))))
	// A hand-written slice may repeat what the controller has.
	f("10.0.0.1:8080", catalog(), slicing("x", at("10.0.0.1", pod("p"))), slicing("y", at("10.0.0.1")))
}

func TestNearIsWhatIsHintedForTheZone(t *testing.T) {
	f := func(want string, endpoints ...discoveryv1.Endpoint) {
		t.Helper()
		if got := addresses(found("http", catalog(), slicing("x", endpoints...))); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f("10.0.0.1:8080* 10.0.0.2:8080 10.0.0.3:8080*", at("10.0.0.1", hint("a")), at("10.0.0.2", hint("b")), at("10.0.0.3", hint("b", "a")))
	f("10.0.0.1:8080 10.0.0.2:8080", at("10.0.0.1"), at("10.0.0.2"))
	// The controller has not hinted all: none counts, or the few would get every call.
	f("10.0.0.1:8080 10.0.0.2:8080", at("10.0.0.1", hint("a")), at("10.0.0.2"))
	f("10.0.0.1:8080*", at("10.0.0.1", hint("a")), at("10.0.0.2", conditions(false, false, true)))
}

func TestPortOfAService(t *testing.T) {
	slice := slicing("x", at("10.0.0.1"))
	headless := func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone }
	bare := func(s *corev1.Service) { s.Spec.Ports = nil }
	unnamed := func(s *corev1.Service) { s.Spec.Ports = []corev1.ServicePort{{Port: 80}} }
	f := func(port, want string, s *corev1.Service, all ...*discoveryv1.EndpointSlice) {
		t.Helper()
		got := found(port, s, all...)
		if addresses(got) != want || got.Problem != nil {
			t.Errorf("port %s: %q, want %q: %v", port, addresses(got), want, got.Problem)
		}
	}
	f("http", "10.0.0.1:8080", catalog(), slice)
	f("80", "10.0.0.1:8080", catalog(), slice)
	f("grpc", "10.0.0.1:9999", catalog(), slice)
	f("9090", "10.0.0.1:9999", catalog(headless), slice)
	nameless := slicing("x", at("10.0.0.1"))
	nameless.Ports = []discoveryv1.EndpointPort{{Port: new(int32(7000))}}
	f("80", "10.0.0.1:7000", catalog(unnamed), nameless)
	f("5432", "10.0.0.1:5432", catalog(headless, bare), func() *discoveryv1.EndpointSlice {
		s := slicing("x", at("10.0.0.1"))
		s.Ports = nil
		return s
	}())

	refused := func(port string, s *corev1.Service, words ...string) {
		t.Helper()
		got := found(port, s, slice)
		if !got.NotFound || got.Problem == nil || len(got.Endpoints) > 0 {
			t.Fatalf("port %s: %+v", port, got)
		}
		for _, w := range words {
			if !strings.Contains(got.Problem.Error(), w) {
				t.Errorf("port %s: %q does not say %q", port, got.Problem, w)
			}
		}
	}
	refused("http", nil, "Service shop/catalog does not exist", "create it", "spec.upstream.service")
	refused("htpp", catalog(), "shop/catalog has no TCP port htpp", "http (80), grpc (9090)", "spec.upstream.service.port")
	refused("8080", catalog(), "no TCP port 8080")
	refused("stats", catalog(), "no TCP port stats")
	refused("8125", catalog(), "no TCP port 8125")
	refused("8", catalog(unnamed), "it has 80")
	refused("http", catalog(headless, bare), "has no TCP port: give it one")
	refused("http", catalog(func(s *corev1.Service) {
		s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "catalog.example.com"}
	}), "ExternalName", "upstream.dns with the name catalog.example.com")
}

// A slice that is given to another Service leaves its old one.
func TestSliceThatChangesItsService(t *testing.T) {
	n := newNamespace("shop", ServicesOptions{})
	n.replaceServices([]*corev1.Service{catalog(), catalog(func(s *corev1.Service) { s.Name = "other" })})
	if n.settled() {
		t.Error("settled without slices")
	}
	n.replaceSlices([]*discoveryv1.EndpointSlice{slicing("x", at("10.0.0.1"))})
	at := func(name string) string {
		s, known := n.look(Service{Namespace: "shop", Name: name, Port: "http"})
		if !known {
			t.Error("not known")
		}
		return addresses(s)
	}
	told := newDiary()
	n.audience.add("catalog", &watcher{update: told.update, look: func() (Set, bool) { return n.look(Service{Namespace: "shop", Name: "catalog", Port: "http"}) }})
	n.audience.all()
	moved := slicing("x", discoveryv1.Endpoint{Addresses: []string{"10.0.0.1"}})
	moved.Labels[discoveryv1.LabelServiceName] = "other"
	n.putSlice(moved, true)
	if at("catalog") != "" || at("other") != "10.0.0.1:8080" {
		t.Errorf("catalog has %q, other %q", at("catalog"), at("other"))
	}
	if s, times, _ := told.last(); times != 2 || addresses(s) != "" {
		t.Errorf("told %d times: %q", times, addresses(s))
	}
	n.putSlice(moved, false)
	if at("other") != "" || len(n.slices.of) != 0 || len(n.slices.belong) != 0 {
		t.Errorf("%+v is left", n.slices)
	}
}

func TestThoseThatWereReadyStayWhileNoneIs(t *testing.T) {
	var (
		ready   = conditions(true, true, false)
		unready = conditions(false, false, false)
		dying   = conditions(false, false, true)
	)
	before := found("http", catalog(), slicing("x", at("10.0.0.1", ready), at("10.0.0.2", ready), at("10.0.0.3", ready), at("10.0.0.4", unready)))
	f := func(name, want string, problem bool, s *corev1.Service, all ...*discoveryv1.EndpointSlice) {
		t.Helper()
		got := found("http", s, all...).orElse(before)
		if addresses(got) != want || (got.Problem != nil) != problem {
			t.Errorf("%s: %q, want %q: %+v", name, addresses(got), want, got)
		}
	}
	f("all unready at once: those that were, are still listed and do not leave", "10.0.0.1:8080", true, catalog(),
		slicing("x", at("10.0.0.1", unready), at("10.0.0.2", dying), at("10.0.0.4", unready)))
	f("one is ready: that", "10.0.0.4:8080", false, catalog(),
		slicing("x", at("10.0.0.1", unready), at("10.0.0.4", ready)))
	f("none was ready before: none", "", false, catalog(), slicing("x", at("10.0.0.4", unready)))
	f("no Service: none", "", true, nil, slicing("x", at("10.0.0.1", unready)))
}
