package policy

import (
	"net/netip"
	"strings"
)

// canonicalHost is a host without what does not count in it: the port, case, and
// a dot at its end. It allocates nothing for a host in lower case.
func canonicalHost(host string) string {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		if i := strings.IndexByte(inner, ']'); i >= 0 {
			return strings.ToLower(inner[:i]) // an IPv6 address
		}
	}
	// A second colon makes it an IPv6 address without brackets.
	if i := strings.IndexByte(host, ':'); i >= 0 && strings.LastIndexByte(host, ':') == i {
		host = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// hostForms are the hosts that a host of a match stands for. A wildcard stays as
// it is. A name without a dot is a Service's, and has that Service's other names
// in the policy's namespace.
func hostForms(host string, o Options) []string {
	name := canonicalHost(host)
	if ip, err := netip.ParseAddr(name); err == nil {
		return []string{ip.String()}
	}
	if strings.Contains(name, ".") {
		return []string{name}
	}
	local := name + "." + o.Namespace
	return []string{name, local, local + ".svc", local + ".svc." + o.ClusterDomain}
}
