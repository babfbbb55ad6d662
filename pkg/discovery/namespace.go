package discovery

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// namespace is what is known of one namespace's Services.
type namespace struct {
	name     string
	options  ServicesOptions
	audience audience[string] // by the Service's name

	mu       sync.RWMutex
	services map[string]*service // by name; nil before they were read
	slices   *shelf              // nil before they were read
	troubles map[string]*trouble // by resource
}

func newNamespace(name string, o ServicesOptions) *namespace {
	return &namespace{name: name, options: o, troubles: map[string]*trouble{servicesResource: {}, slicesResource: {}}}
}

// The resources as a Role names them, with their API group.
const (
	servicesResource = "services"
	slicesResource   = "endpointslices.discovery.k8s.io"
)

// run follows the namespace until ctx is done.
func (n *namespace) run(ctx context.Context) {
	services, slices := n.options.Client.CoreV1().Services(n.name), n.options.Client.DiscoveryV1().EndpointSlices(n.name)
	var both sync.WaitGroup
	both.Go(func() {
		n.follow(ctx, servicesResource, &corev1.Service{}, &mirror[*corev1.Service]{n.replaceServices, n.putService}, &cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				return services.List(ctx, o)
			},
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				return services.Watch(ctx, o)
			},
		})
	})
	both.Go(func() {
		n.follow(ctx, slicesResource, &discoveryv1.EndpointSlice{}, &mirror[*discoveryv1.EndpointSlice]{n.replaceSlices, n.putSlice}, &cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				return slices.List(ctx, o)
			},
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				return slices.Watch(ctx, o)
			},
		})
	})
	both.Wait()
}

// look is what there is to tell of a Service.
func (n *namespace) look(of Service) (s Set, known bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.read() {
		s = gather(of, n.services[of.Name], n.slices.of[of.Name])
	}
	if s.Problem == nil {
		s.Problem = n.problem()
	}
	return s, n.read() || s.Problem != nil
}

func (n *namespace) read() bool { return n.services != nil && n.slices != nil }

// problem is why the namespace cannot be read now.
func (n *namespace) problem() error {
	if err := n.troubles[servicesResource].err; err != nil {
		return err
	}
	return n.troubles[slicesResource].err
}

// met takes down what stands in the way of reading a resource; nil if nothing does.
func (n *namespace) met(resource, kind string, err error) {
	n.mu.Lock()
	t := n.troubles[resource]
	changed := t.set(kind, err)
	now := *t
	n.mu.Unlock()
	if changed {
		now.log(n.options.Log.With("namespace", n.name), resource)
		n.audience.all()
	}
}

func (n *namespace) replaceServices(all []*corev1.Service) {
	fresh := make(map[string]*service, len(all))
	for _, s := range all {
		fresh[s.Name] = portrayService(s)
	}
	n.mu.Lock()
	n.services = fresh
	n.mu.Unlock()
	n.audience.all()
}

func (n *namespace) putService(s *corev1.Service, exists bool) {
	n.mu.Lock()
	delete(n.services, s.Name)
	if exists {
		n.services[s.Name] = portrayService(s)
	}
	n.mu.Unlock()
	n.audience.changed(s.Name)
}

func (n *namespace) replaceSlices(all []*discoveryv1.EndpointSlice) {
	fresh := newShelf()
	for _, s := range all {
		fresh.put(portraySlice(s, n.options.Zone))
	}
	n.mu.Lock()
	n.slices = fresh
	n.mu.Unlock()
	n.audience.all()
}

func (n *namespace) putSlice(s *discoveryv1.EndpointSlice, exists bool) {
	n.mu.Lock()
	before := n.slices.drop(s.Name)
	if exists {
		n.slices.put(portraySlice(s, n.options.Zone))
	}
	n.mu.Unlock()
	of := s.Labels[discoveryv1.LabelServiceName]
	n.audience.changed(of)
	if before != "" && before != of {
		n.audience.changed(before)
	}
}

// shelf holds the slices of a namespace.
type shelf struct {
	of     map[string]map[string]*slice // by the Service's name, then their own
	belong map[string]string            // the Service's name by their own
}

func newShelf() *shelf {
	return &shelf{of: map[string]map[string]*slice{}, belong: map[string]string{}}
}

func (h *shelf) put(s *slice) {
	if h.of[s.service] == nil {
		h.of[s.service] = map[string]*slice{}
	}
	h.of[s.service][s.name] = s
	h.belong[s.name] = s.service
}

// drop takes a slice away and returns the name of the Service that it belonged to.
func (h *shelf) drop(name string) (of string) {
	of = h.belong[name]
	delete(h.belong, name)
	delete(h.of[of], name)
	if len(h.of[of]) == 0 {
		delete(h.of, of)
	}
	return of
}
