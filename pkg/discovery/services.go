package discovery

import (
	"context"
	"log/slog"
	"sync"

	"k8s.io/client-go/kubernetes"
)

// ServicesOptions are what Services work with.
type ServicesOptions struct {
	Client kubernetes.Interface
	Zone   string // that hedged runs in; "": hints are not looked at
	Log    *slog.Logger
}

// Services tells of Kubernetes Services. It reads the Services and EndpointSlices
// of a namespace from the first Watch in it on, and until Run ends: a namespace
// that policies have named once is rarely done with. Each Watch costs no request.
type Services struct {
	options ServicesOptions
	crew    crew

	mu         sync.Mutex
	namespaces map[string]*namespace
}

// NewServices returns Services that nobody watches yet.
func NewServices(o ServicesOptions) *Services {
	return &Services{options: o, namespaces: map[string]*namespace{}}
}

// Run reads what is watched until ctx is done. No error of the API server ends it.
func (s *Services) Run(ctx context.Context) error {
	s.crew.run(ctx)
	return nil
}

// Watch tells of a Service, as Resolver says. It knows nothing before its
// namespace has been read, or could not be.
func (s *Services) Watch(of Service, update func(Set)) (stop func()) {
	n := s.namespace(of.Namespace)
	w := &watcher{update: update}
	w.look = func() (Set, bool) { // with its lock held
		s, known := n.look(of)
		return s.orElse(w.last), known
	}
	n.audience.add(of.Name, w)
	w.changed()
	return func() {
		n.audience.remove(of.Name, w)
		w.stop()
	}
}

// namespace returns one, which is read from then on.
func (s *Services) namespace(name string) *namespace {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.namespaces[name]
	if !ok {
		n = newNamespace(name, s.options)
		s.namespaces[name] = n
		s.crew.add(n.run)
	}
	return n
}
