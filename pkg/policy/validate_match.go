package policy

import (
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"strings"

	"hedged.dev/hedged/api/v1alpha1"
)

func (d *document) validateMatches(matches []v1alpha1.Match) {
	const at = "spec.match"
	if len(matches) == 0 {
		d.fault(at, "Required value: say which calls the policy is for, such as match: [{hosts: [catalog]}]; {} matches every call")
	}
	for i := range matches {
		path := element(at, i)
		d.validateMatch(path, &matches[i])
		for j := range i {
			if d.sound(path) && reflect.DeepEqual(matches[i], matches[j]) {
				d.fault(path, "Duplicate value: the same as %s: remove one of them", element(at, j))
			}
		}
	}
}

func (d *document) validateMatch(at string, m *v1alpha1.Match) {
	d.notEmpty(at+".hosts", len(m.Hosts))
	d.notEmpty(at+".methods", len(m.Methods))
	d.notEmpty(at+".headers", len(m.Headers))
	seen := map[string]string{}
	for i, host := range m.Hosts {
		path := element(at+".hosts", i)
		if remedy := checkHost(host); remedy != "" {
			d.invalid(path, host, "%s", remedy)
		}
		d.unique(seen, path, canonicalHost(host), host)
	}
	if m.Path != nil {
		d.validatePath(at+".path", m.Path)
	}
	seen = map[string]string{}
	for i, method := range m.Methods {
		path := element(at+".methods", i)
		d.validateMethod(path, method)
		d.unique(seen, path, method, method)
	}
	seen = map[string]string{}
	for i, header := range m.Headers {
		path := element(at+".headers", i)
		d.validateHeader(path, header)
		d.unique(seen, path+".name", strings.ToLower(header.Name), header.Name)
	}
}

// notEmpty reports a list that was written and matches nothing.
func (d *document) notEmpty(path string, n int) {
	if n == 0 && d.has(path) {
		d.fault(path, "Invalid value: []: must have at least one item: fill it in, or remove the field to match whatever a call has")
	}
}

// unique reports a key that an earlier item of the same list has.
func (d *document) unique(seen map[string]string, path, key, written string) {
	if first, ok := seen[key]; ok {
		d.fault(path, "Duplicate value: %s: the same as %s: remove one of them", show(written), first)
		return
	}
	seen[key] = path
}

// checkHost says how to mend a host of a match; "" if nothing is wrong with it.
func checkHost(host string) string {
	name := canonicalHost(host)
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	suffix := strings.TrimPrefix(name, "*.")
	switch {
	case host == "":
		return "must not be empty: remove it, or leave hosts out to match every host"
	case host == "*":
		return "must be a name: leave hosts out to match every host"
	case strings.Contains(host, "://"):
		return "must be a host without a scheme, such as catalog.example"
	case strings.Contains(host, ":"):
		return fmt.Sprintf("must be a host without a port, %q: the port of a request does not count", name)
	case strings.Contains(host, "/"):
		return "must be a host without a path: write the path in the match's path field"
	case strings.Contains(suffix, "*"):
		return `may have a wildcard only as its whole first label, such as "*.catalog.example"`
	case !isSubdomain(suffix):
		return "must be a DNS-1123 name, such as catalog.example or *.catalog.example, or an IP address"
	}
	return ""
}

func (d *document) validatePath(at string, p *v1alpha1.PathMatch) {
	if p.Type == "" {
		d.fault(at+".type", "Required value: write Exact or PathPrefix")
	}
	oneOf(d, at+".type", p.Type, v1alpha1.PathExact, v1alpha1.PathPrefix)
	invalid := func(remedy string) { d.invalid(at+".value", p.Value, "%s", remedy) }
	switch v := p.Value; {
	case v == "":
		d.fault(at+".value", "Required value: write the path, such as /v1/")
	case v[0] != '/':
		invalid(fmt.Sprintf("must begin with /: write %q", "/"+v))
	case len(v) > 1024:
		invalid("must have at most 1024 bytes")
	case strings.ContainsAny(v, "?#"):
		invalid("must be a path alone, without query and fragment")
	case strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		invalid("must not contain spaces or control characters")
	case v == "/*" || strings.HasSuffix(v, "/*"):
		invalid("must not have a wildcard: PathPrefix matches whole segments already")
	case strings.Contains(v, "//"):
		invalid("must not contain an empty segment //")
	case hasDotSegment(v):
		invalid("must not contain the segments . and ..")
	}
}

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

var method = regexp.MustCompile(`^[A-Z][-A-Z0-9_]*$`)

func (d *document) validateMethod(path, m string) {
	switch {
	case m == "CONNECT":
		d.fault(path, "Unsupported value: %q: hedged opens no tunnels; remove it", m)
	case method.MatchString(m):
	case method.MatchString(strings.ToUpper(m)):
		d.invalid(path, m, "methods are case-sensitive, write %q", strings.ToUpper(m))
	default:
		d.invalid(path, m, "must be an HTTP method such as GET")
	}
}

var headerName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func (d *document) validateHeader(at string, h v1alpha1.HeaderMatch) {
	switch {
	case h.Name == "":
		d.fault(at+".name", "Required value: write the name of the header, such as x-tier")
	case strings.EqualFold(h.Name, "host"):
		d.invalid(at+".name", h.Name, "use the hosts field of the match")
	case len(h.Name) > 256 || !headerName.MatchString(h.Name):
		d.invalid(at+".name", h.Name, "must be a header name: at most 256 letters, digits, '-' and other token characters, no spaces and no colon")
	}
	switch {
	case h.Value == "":
		d.fault(at+".value", "Required value: write the value that the header must have")
	case len(h.Value) > 4096 || h.Value != strings.TrimSpace(h.Value) || strings.ContainsFunc(h.Value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		d.invalid(at+".value", h.Value, "must be at most 4096 bytes without control characters and without spaces at its ends")
	}
}
