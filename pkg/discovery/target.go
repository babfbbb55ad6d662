package discovery

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"
)

// Service is a port of a Kubernetes Service.
type Service struct {
	Namespace, Name string
	Port            string // of the Service, by name or by number
}

// Name is a DNS name whose addresses are endpoints.
type Name struct {
	Host    string
	Port    int           // of every endpoint
	Refresh time.Duration // the longest that a look-up is believed
}

// Target is what an upstream's endpoints are found by: a Service or a Name. The
// zero value is neither: the endpoints are written down.
type Target struct {
	Service Service
	Name    Name
}

func (t Target) String() string {
	switch {
	case t.Service != Service{}:
		return fmt.Sprintf("service %s/%s:%s", t.Service.Namespace, t.Service.Name, t.Service.Port)
	case t.Name != Name{}:
		return "dns " + net.JoinHostPort(t.Name.Host, strconv.Itoa(t.Name.Port))
	default:
		return ""
	}
}

// Endpoint is one address of a target.
type Endpoint struct {
	Address string // host:port
	Near    bool   // hinted for the zone that hedged runs in
}

// Set is what is known of a target at one time.
type Set struct {
	Endpoints []Endpoint // by address; not to be changed
	// NotFound tells that there is no such Service or name, or that it lacks the port.
	NotFound bool
	// Problem says for people what is wrong and what mends it; nil if nothing is.
	// It may come with the endpoints that were found before.
	Problem error

	unready []string // addresses that are listed, and not to be had
}

// Equal reports whether two sets say the same.
func (s Set) Equal(o Set) bool {
	return s.sameProblem(o) && slices.Equal(s.Endpoints, o.Endpoints)
}

func (s Set) sameProblem(o Set) bool {
	return s.NotFound == o.NotFound && text(s.Problem) == text(o.Problem)
}

// lacks reports whether an endpoint of o is not in s.
func (s Set) lacks(o Set) bool {
	have := make(map[string]bool, len(s.Endpoints))
	for _, e := range s.Endpoints {
		have[e.Address] = true
	}
	return slices.ContainsFunc(o.Endpoints, func(e Endpoint) bool { return !have[e.Address] })
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Resolver tells of targets.
type Resolver interface {
	// Watch calls update with what is known of a target: before it returns if that
	// is known by then, and at each change until stop has returned. It makes one
	// call at a time. update must not call stop.
	Watch(t Target, update func(Set)) (stop func())
}
