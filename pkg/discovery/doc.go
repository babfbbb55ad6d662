// Package discovery finds the endpoints of an upstream and follows them: those
// of a Kubernetes Service through its EndpointSlices, those of a DNS name
// through its addresses.
//
// A Target says what is followed, a Set what is known of it. Services and Names
// tell of a target for as long as somebody watches it: services.go, namespace.go,
// portrait.go and gather.go are about Services, names.go, lookup.go and ttl.go
// about DNS. What was once found stays when an API server or a name server is
// away.
//
// It does not know policies, what protocol an endpoint speaks, which endpoint an
// attempt goes to, nor how a client of a cluster is made.
package discovery
