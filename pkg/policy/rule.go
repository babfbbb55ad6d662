package policy

import (
	"net/textproto"
	"slices"
	"strconv"
	"strings"

	"hedged.dev/hedged/api/v1alpha1"
)

// rule is one match of a policy, compiled: what it claims, in the forms in which
// a Table looks it up.
type rule struct {
	hosts   []string // canonical, every form of each; a wildcard begins with "*."; none: every host
	path    pathKey
	methods []string // none: every method
	headers []header // sorted by name
	route   string
}

// pathKey is the path of a rule. The zero value is every path.
type pathKey struct {
	kind  v1alpha1.PathType
	value string // of a prefix without the slash at its end
}

type header struct {
	name, value string
}

func compileRule(m *v1alpha1.Match, o Options) rule {
	var r rule
	for _, host := range m.Hosts {
		for _, form := range hostForms(host, o) {
			if !slices.Contains(r.hosts, form) {
				r.hosts = append(r.hosts, form)
			}
		}
	}
	if m.Path != nil {
		r.route = m.Path.Value
		r.path = pathKey{kind: m.Path.Type, value: m.Path.Value}
		if r.path.kind == v1alpha1.PathPrefix {
			r.path.value = strings.TrimSuffix(r.path.value, "/")
		}
	}
	r.methods = m.Methods
	for _, h := range m.Headers {
		r.headers = append(r.headers, header{name: textproto.CanonicalMIMEHeaderKey(h.Name), value: h.Value})
	}
	slices.SortFunc(r.headers, func(a, b header) int { return strings.Compare(a.name, b.name) })
	return r
}

// claim is one kind of call that a rule asks for. Two policies cannot have the
// same one.
type claim struct {
	host    string // "": every host
	path    pathKey
	method  string // "": every method
	headers []header
}

// claims calls yield with each claim of the rule.
func (r *rule) claims(yield func(claim) bool) {
	hosts, methods := r.hosts, r.methods
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	if len(methods) == 0 {
		methods = []string{""}
	}
	for _, host := range hosts {
		for _, method := range methods {
			if !yield(claim{host: host, path: r.path, method: method, headers: r.headers}) {
				return
			}
		}
	}
}

// String is the claim as a conflict shows it. Different claims differ in it: no
// part but a header's value may contain a space.
func (c claim) String() string {
	var b strings.Builder
	part := func(name, value string) {
		if value != "" {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(name)
			b.WriteByte(' ')
			b.WriteString(value)
		}
	}
	part("host", c.host)
	if c.path.kind == v1alpha1.PathExact {
		part("path", c.path.value)
	} else if c.path.kind == v1alpha1.PathPrefix {
		part("prefix", c.path.value+"/")
	}
	part("method", c.method)
	for _, h := range c.headers {
		part("header", h.name+"="+strconv.Quote(h.value))
	}
	if b.Len() == 0 {
		return "every call"
	}
	return b.String()
}
