package policy

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"hedged.dev/hedged/api/v1alpha1"
)

func (d *document) validateUpstream(u *v1alpha1.Upstream) {
	const at = "spec.upstream"
	d.validateUpstreamKind()
	oneOf(d, at+".protocol", u.Protocol, v1alpha1.ProtocolHTTP1, v1alpha1.ProtocolH2C, v1alpha1.ProtocolHTTPS, v1alpha1.ProtocolH2)
	oneOf(d, at+".distinct", u.Distinct, v1alpha1.DistinctPrefer, v1alpha1.DistinctRequire, v1alpha1.DistinctAny)
	between(d, at+".connectTimeout", u.ConnectTimeout.Duration, time.Millisecond, time.Minute)
	d.validateUpstreamHost(at+".host", u.Host)
	d.validateEndpoints(at+".endpoints", u)
	if u.Service != nil {
		d.validateService(at+".service", u.Service)
	}
	if u.DNS != nil {
		d.validateDNS(at+".dns", u.DNS)
	}
	if u.TLS != nil {
		d.validateTLS(at+".tls", u)
	}
}

func (d *document) validateUpstreamKind() {
	const at = "spec.upstream"
	var kinds []string
	for _, kind := range []string{"service", "endpoints", "dns"} {
		if d.has(at + "." + kind) {
			kinds = append(kinds, kind)
		}
	}
	switch {
	case len(kinds) > 1:
		d.fault(at, "Forbidden: exactly one of service, endpoints and dns, but found %s: remove all but one", strings.Join(kinds, " and "))
	case len(kinds) == 0 && d.sound(at):
		d.fault(at, `Required value: say where attempts go, such as upstream: {endpoints: ["http://10.1.2.3:8080", "http://10.1.2.4:8080"]}`)
	}
}

func (d *document) validateUpstreamHost(path, host string) {
	for _, word := range []string{v1alpha1.HostPreserve, v1alpha1.HostUpstream} {
		if host == word {
			return
		}
		if strings.EqualFold(host, word) {
			d.fault(path, "Unsupported value: %s, did you mean %q?", show(host), word)
			return
		}
	}
	if !isSubdomain(host) {
		d.invalid(path, host, "must be Preserve, Upstream or a host name in lower case without a port, such as catalog.example")
	}
}

func (d *document) validateEndpoints(at string, u *v1alpha1.Upstream) {
	if len(u.Endpoints) == 0 && d.has(at) {
		d.fault(at, "Invalid value: []: must have at least one endpoint, such as http://10.1.2.3:8080")
	}
	seen := map[string]string{}
	for i, raw := range u.Endpoints {
		path := element(at, i)
		address, err := endpointAddress(raw, u.Protocol)
		if err != nil {
			d.invalid(path, raw, "%v", err)
			continue
		}
		d.unique(seen, path, address, raw)
	}
}

// endpointAddress is the host:port of an endpoint's URL, or what is wrong with it.
func endpointAddress(raw string, protocol v1alpha1.Protocol) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "", errors.New("must be a URL of scheme, host and port, such as http://10.1.2.3:8080")
	case u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("must have no user, path, query or fragment: write %q", u.Scheme+"://"+u.Host)
	}
	host := strings.ToLower(u.Hostname())
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.String()
	} else if !isSubdomain(host) {
		return "", errors.New("must have an IP address or a DNS-1123 name as its host")
	}
	secure := standardPort(protocol) == 443
	port := u.Port()
	switch {
	case secure && u.Scheme == "http":
		return "", fmt.Errorf("does not fit protocol %s, which needs https://; for http:// use protocol HTTP1 or H2C", protocol)
	case !secure && u.Scheme == "https":
		return "", fmt.Errorf("does not fit protocol %s, which needs http://; for https:// use protocol HTTPS or H2", protocol)
	case port == "":
		port = strconv.Itoa(standardPort(protocol))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", errors.New("must have a port between 1 and 65535")
	}
	return net.JoinHostPort(host, port), nil
}

// standardPort is the port that a URL of the protocol need not name.
func standardPort(protocol v1alpha1.Protocol) int {
	if protocol == v1alpha1.ProtocolHTTPS || protocol == v1alpha1.ProtocolH2 {
		return 443
	}
	return 80
}

func (d *document) validateService(at string, s *v1alpha1.ServiceUpstream) {
	const label = "must be a DNS-1123 label: at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit"
	switch {
	case s.Name == "":
		d.fault(at+".name", "Required value: name the Service, such as catalog")
	case !isLabel(s.Name):
		d.invalid(at+".name", s.Name, label)
	}
	if !isLabel(s.Namespace) {
		d.invalid(at+".namespace", s.Namespace, label)
	}
	number, err := strconv.Atoi(string(s.Port))
	switch {
	case s.Port == "":
		d.fault(at+".port", "Required value: a port of the Service by name or number, such as http or 80")
	case err != nil && !isLabel(string(s.Port)):
		d.invalid(at+".port", string(s.Port), "must be a port of the Service by name, such as http, or a number between 1 and 65535")
	case err == nil && (number < 1 || number > 65535 || strconv.Itoa(number) != string(s.Port)):
		d.invalid(at+".port", string(s.Port), "must be a number between 1 and 65535, or a port's name")
	}
}

func (d *document) validateDNS(at string, dns *v1alpha1.DNSUpstream) {
	_, err := netip.ParseAddr(dns.Name)
	switch {
	case dns.Name == "":
		d.fault(at+".name", "Required value: the name to look up, such as catalog.example.com")
	case err == nil:
		d.invalid(at+".name", dns.Name, "is an address, not a name: use endpoints")
	case !isSubdomain(dns.Name):
		d.invalid(at+".name", dns.Name, "must be a DNS-1123 name, such as catalog.example.com: lower-case letters, digits, '-' and '.', without a port")
	}
	if dns.Port == 0 && !d.has(at+".port") {
		d.fault(at+".port", "Required value: the port of every endpoint, such as 443")
	}
	between(d, at+".port", dns.Port, 1, 65535)
	between(d, at+".refresh", dns.Refresh.Duration, time.Second, time.Hour)
}

func (d *document) validateTLS(at string, u *v1alpha1.Upstream) {
	t := u.TLS
	if u.Protocol == v1alpha1.ProtocolHTTP1 || u.Protocol == v1alpha1.ProtocolH2C {
		d.fault(at, "Forbidden: protocol %s has no TLS: use HTTPS or H2, or remove tls", u.Protocol)
		return
	}
	if t.CertFile != "" && t.KeyFile == "" {
		d.fault(at+".keyFile", "Required value: certFile needs the key that belongs to it")
	}
	if t.KeyFile != "" && t.CertFile == "" {
		d.fault(at+".certFile", "Required value: keyFile needs the certificate that belongs to it")
	}
	if t.CAFile != "" && t.InsecureSkipVerify {
		d.fault(at+".caFile", "Forbidden: nothing is verified with insecureSkipVerify: remove one of them")
	}
	if t.ServerName != "" && !isSubdomain(t.ServerName) {
		if _, err := netip.ParseAddr(t.ServerName); err != nil {
			d.invalid(at+".serverName", t.ServerName, "must be the DNS-1123 name or IP address that the upstream's certificate has")
		}
	}
}
