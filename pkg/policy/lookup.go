package policy

import (
	"strings"

	"hedged.dev/hedged/api/v1alpha1"
)

// paths are the rules of one host, by path.
type paths struct {
	exact    map[string]*methods
	prefixes segment
	every    methods
}

// segment is a part of a path between two slashes, and what may come after it.
type segment struct {
	rules methods // of the prefix that ends here
	next  map[string]*segment
}

// methods are the rules of one host and path, by method.
type methods struct {
	by    map[string]*headers
	every headers
}

// headers are the rules of one host, path and method, by the headers that they
// ask for: a tree, in which each rule's headers in order of their names are the
// way to it. So many rules that differ in a header's value cost one look-up.
type headers struct {
	rule *Rule // that asks for no more headers
	next []branch
}

type branch struct {
	name   string
	values map[string]*headers
}

func (p *paths) add(c claim, r *Rule) {
	at := &p.every
	switch c.path.kind {
	case v1alpha1.PathExact:
		at = child(&p.exact, c.path.value)
	case v1alpha1.PathPrefix:
		s := &p.prefixes
		for rest := c.path.value; rest != ""; {
			var name string
			name, rest = cutSegment(rest)
			s = child(&s.next, name)
		}
		at = &s.rules
	}
	h := &at.every
	if c.method != "" {
		h = child(&at.by, c.method)
	}
	for _, want := range c.headers {
		h = child(&h.branch(want.name).values, want.value)
	}
	// Of two equal matches in one policy the first one counts.
	if h.rule == nil {
		h.rule = r
	}
}

// child is the value of a key, which is made if it is missing, as the map is.
func child[T any](m *map[string]*T, key string) *T {
	if *m == nil {
		*m = map[string]*T{}
	}
	if (*m)[key] == nil {
		(*m)[key] = new(T)
	}
	return (*m)[key]
}

func (h *headers) branch(name string) *branch {
	for i := range h.next {
		if h.next[i].name == name {
			return &h.next[i]
		}
	}
	h.next = append(h.next, branch{name: name})
	return &h.next[len(h.next)-1]
}

// cutSegment takes the first segment off a path that begins with a slash.
func cutSegment(path string) (name, rest string) {
	path = path[1:]
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

// match is nil when p is nil, or nothing fits.
func (p *paths) match(r *Request) *Rule {
	if p == nil {
		return nil
	}
	if found := p.exact[r.Path].match(r); found != nil {
		return found
	}
	if found := p.prefix(r); found != nil {
		return found
	}
	return p.every.match(r)
}

// prefix walks down the path, so that the last rule found has the longest prefix.
func (p *paths) prefix(r *Request) *Rule {
	if !strings.HasPrefix(r.Path, "/") {
		return nil
	}
	best := p.prefixes.rules.match(r)
	for s, rest := &p.prefixes, r.Path; rest != "" && s.next != nil; {
		var name string
		name, rest = cutSegment(rest)
		if s = s.next[name]; s == nil {
			break
		}
		if found := s.rules.match(r); found != nil {
			best = found
		}
	}
	return best
}

func (m *methods) match(r *Request) *Rule {
	if m == nil {
		return nil
	}
	if found := m.by[r.Method].match(r); found != nil {
		return found
	}
	return m.every.match(r)
}

func (h *headers) match(r *Request) *Rule {
	if h == nil {
		return nil
	}
	best := h.rule
	if r.Headers == nil {
		return best
	}
	for i := range h.next {
		for _, value := range r.Headers.Values(h.next[i].name) {
			if found := h.next[i].values[value].match(r); found != nil && found.before(best) {
				best = found
			}
		}
	}
	return best
}

// before reports whether r takes precedence over a rule of the same host, path
// and method; every rule does over none.
func (r *Rule) before(o *Rule) bool {
	if o == nil || r.headers != o.headers {
		return o == nil || r.headers > o.headers
	}
	return r.order < o.order
}
