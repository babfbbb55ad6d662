package discovery

import (
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// service is what is kept of a Service.
type service struct {
	external string // what a Service of type ExternalName stands for; "" for others
	headless bool
	first    discoveryv1.AddressType // the family that it prefers
	ports    []port                  // of TCP
}

// port is one port of a Service.
type port struct {
	name   string
	number int32
}

func portrayService(s *corev1.Service) *service {
	kept := &service{headless: s.Spec.ClusterIP == corev1.ClusterIPNone, first: discoveryv1.AddressTypeIPv4}
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		kept.external = s.Spec.ExternalName
	}
	if len(s.Spec.IPFamilies) > 0 {
		kept.first = discoveryv1.AddressType(s.Spec.IPFamilies[0])
	}
	for _, p := range s.Spec.Ports {
		if p.Protocol == corev1.ProtocolTCP || p.Protocol == "" {
			kept.ports = append(kept.ports, port{p.Name, p.Port})
		}
	}
	return kept
}

// slice is what is kept of an EndpointSlice.
type slice struct {
	name    string
	service string // that it belongs to
	family  discoveryv1.AddressType
	ports   []port // of the endpoints, by the names of the Service's ports
	members []member
}

// member is one endpoint of a slice.
type member struct {
	ip     string
	pod    string // the UID of what stands behind it; "" if that is not told
	state  readiness
	hinted bool // for any zone
	near   bool // for our zone
}

// readiness is how much an endpoint is to be had; more is better.
type readiness uint8

const (
	gone    readiness = iota // terminating, and it does not serve any more
	unready                  // not yet, or not now
	leaving                  // terminating, and it still serves
	ready
)

func portraySlice(s *discoveryv1.EndpointSlice, zone string) *slice {
	kept := &slice{name: s.Name, service: s.Labels[discoveryv1.LabelServiceName], family: s.AddressType}
	if s.AddressType == discoveryv1.AddressTypeFQDN { // without a meaning, as the API's own text says
		return kept
	}
	for _, p := range s.Ports {
		if p.Port != nil && (p.Protocol == nil || *p.Protocol == corev1.ProtocolTCP) {
			kept.ports = append(kept.ports, port{deref(p.Name, ""), *p.Port})
		}
	}
	for i := range s.Endpoints {
		if e := &s.Endpoints[i]; len(e.Addresses) > 0 {
			kept.members = append(kept.members, portrayMember(e, zone))
		}
	}
	return kept
}

func portrayMember(e *discoveryv1.Endpoint, zone string) member {
	m := member{ip: e.Addresses[0]} // more than one have no meaning, as the API's own text says
	switch c := e.Conditions; {     // absent: ready, serving, and not terminating
	case deref(c.Ready, true):
		m.state = ready
	case deref(c.Serving, true) && deref(c.Terminating, false):
		m.state = leaving
	case !deref(c.Terminating, false):
		m.state = unready
	}
	if e.TargetRef != nil {
		m.pod = string(e.TargetRef.UID)
	}
	if e.Hints != nil && len(e.Hints.ForZones) > 0 {
		m.hinted = true
		m.near = slices.ContainsFunc(e.Hints.ForZones, func(z discoveryv1.ForZone) bool { return z.Name == zone })
	}
	return m
}

func deref[T any](p *T, absent T) T {
	if p == nil {
		return absent
	}
	return *p
}

func address(ip string, port int32) string { return net.JoinHostPort(ip, strconv.Itoa(int(port))) }
