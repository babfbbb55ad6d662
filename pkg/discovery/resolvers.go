package discovery

import "errors"

// Resolvers is the Resolver of both kinds of target.
type Resolvers struct {
	Services *Services // nil: there is no cluster
	Names    *Names    // nil: DNS is not asked
}

// Watch implements Resolver.
func (r Resolvers) Watch(t Target, update func(Set)) (stop func()) {
	switch {
	case t.Service != Service{} && r.Services != nil:
		return r.Services.Watch(t.Service, update)
	case t.Name != Name{} && r.Names != nil:
		return r.Names.Watch(t.Name, update)
	case t.Service != Service{}:
		update(Set{NotFound: true, Problem: errors.New("there is no cluster to find Services in: run hedged in a pod, start it with --kubeconfig FILE, or use upstream.endpoints or upstream.dns")})
	default:
		update(Set{NotFound: true, Problem: errors.New("DNS names are not followed here: use upstream.endpoints")})
	}
	return func() {}
}
