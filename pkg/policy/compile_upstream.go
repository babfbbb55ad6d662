package policy

import (
	"net"
	"strconv"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/upstream"
)

func compileUpstream(u *v1alpha1.Upstream, o Options) Upstream {
	out := Upstream{ConnectTimeout: u.ConnectTimeout.Duration, Key: upstream.Key{Protocol: upstream.Protocol(u.Protocol)}}
	if u.TLS != nil {
		out.Key.TLS = upstream.TLS(*u.TLS)
	}
	switch {
	case u.Service != nil:
		out.Target.Service = discovery.Service{Namespace: u.Service.Namespace, Name: u.Service.Name, Port: string(u.Service.Port)}
	case u.DNS != nil:
		out.Target.Name = discovery.Name{Host: u.DNS.Name, Port: u.DNS.Port, Refresh: u.DNS.Refresh.Duration}
	}
	for _, raw := range u.Endpoints {
		key := out.Key
		key.Address, _ = endpointAddress(raw, u.Protocol)
		out.Endpoints = append(out.Endpoints, key)
	}
	out.Host, out.HostName = compileHost(u, o)
	switch u.Distinct {
	case v1alpha1.DistinctRequire:
		out.Distinct = upstream.Require
	case v1alpha1.DistinctAny:
		out.Distinct = upstream.Any
	default:
		out.Distinct = upstream.Prefer
	}
	return out
}

// compileHost is which host the upstream sees. Endpoints that were found go by the
// name that they were found by: their addresses come and go.
func compileHost(u *v1alpha1.Upstream, o Options) (mode HostMode, name string) {
	switch {
	case u.Host == v1alpha1.HostPreserve:
		return HostPreserve, ""
	case u.Host != v1alpha1.HostUpstream:
		return HostNamed, u.Host
	case u.Service != nil:
		return HostNamed, u.Service.Name + "." + u.Service.Namespace + ".svc." + o.ClusterDomain
	case u.DNS != nil && u.DNS.Port == standardPort(u.Protocol):
		return HostNamed, u.DNS.Name
	case u.DNS != nil:
		return HostNamed, net.JoinHostPort(u.DNS.Name, strconv.Itoa(u.DNS.Port)) // RFC 9110, section 7.2
	default:
		return HostUpstream, ""
	}
}
