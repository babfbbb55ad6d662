package policy

import "strings"

// Request is what a Table judges a call by.
type Request struct {
	Host    string // as the client wrote it
	Method  string
	Path    string // without query
	Headers Headers
}

// Headers are a request's. An http.Header is one.
type Headers interface {
	Values(name string) []string
}

// Rule is a match in a table.
type Rule struct {
	Policy *Policy
	Index  int    // of the policy in its table
	Route  string // the path of the match; "" if it has none

	headers int // how many it asks for
	order   int // of all rules in the table
}

// Table finds the policy of a call. Nothing changes it.
type Table struct {
	policies []*Policy
	index    map[ID]int

	hosts     map[string]*paths
	wildcards map[string]*paths // by what follows "*."
	everyHost *paths
	longest   int // of the wildcards
}

// Conflict is a policy that cannot serve beside another one, which holds what it
// asks for.
type Conflict struct {
	Policy, Holder *Policy
	Key            string // what both ask for
}

// NewTable makes a table of policies in their order of precedence. A policy that
// asks for a call of an earlier one, or has its identity, is refused as a whole.
func NewTable(ps []*Policy) (*Table, []Conflict) {
	t := &Table{
		index:     make(map[ID]int, len(ps)),
		hosts:     map[string]*paths{},
		wildcards: map[string]*paths{},
		everyHost: &paths{},
	}
	var conflicts []Conflict
	held := NewClaims(len(ps))
	rules := 0
	for _, p := range ps {
		if c, found := held.Conflict(p); found {
			conflicts = append(conflicts, c)
			continue
		}
		held.Take(p)
		index := len(t.policies)
		t.index[p.ID] = index
		t.policies = append(t.policies, p)
		for i := range p.rules {
			r := &p.rules[i]
			entry := &Rule{Policy: p, Index: index, Route: r.route, headers: len(r.headers), order: rules}
			rules++
			for c := range r.claims {
				t.at(c.host).add(c, entry)
			}
		}
	}
	return t, conflicts
}

// at is where the rules of a host are kept.
func (t *Table) at(host string) *paths {
	if host == "" {
		return t.everyHost
	}
	in, key := t.hosts, host
	if suffix, ok := strings.CutPrefix(host, "*."); ok {
		in, key = t.wildcards, suffix
		t.longest = max(t.longest, len(suffix))
	}
	if in[key] == nil {
		in[key] = &paths{}
	}
	return in[key]
}

// Match finds the most specific rule for a request, in Gateway API's order of
// precedence: an exact host, the longest wildcard, no host; then an exact path,
// the longest prefix, no path; then a method; then the most headers; then the
// order of the policies. The cost does not grow with their number.
func (t *Table) Match(r Request) (p *Policy, rule *Rule, ok bool) {
	host := canonicalHost(r.Host)
	found := t.hosts[host].match(&r)
	for rest := host; found == nil && rest != ""; {
		if rest = t.wildcard(rest); rest != "" {
			found = t.wildcards[rest].match(&r)
		}
	}
	if found == nil {
		found = t.everyHost.match(&r)
	}
	if found == nil {
		return nil, nil, false
	}
	return found.Policy, found, true
}

// wildcard is the longest suffix of host, shorter than host by at least a label,
// that a wildcard has; "" if there is none.
func (t *Table) wildcard(host string) string {
	for {
		i := strings.IndexByte(host, '.')
		if i < 0 {
			return ""
		}
		label := i
		host = host[i+1:]
		if label > 0 && len(host) <= t.longest && t.wildcards[host] != nil {
			return host
		}
	}
}

// HasHost reports whether a policy names the host, itself or by a wildcard. A
// policy for every host names none.
func (t *Table) HasHost(host string) bool {
	host = canonicalHost(host)
	return t.hosts[host] != nil || t.wildcard(host) != ""
}

// Policies are the policies that the table took, by their index.
func (t *Table) Policies() []*Policy { return t.policies }

// Index is a policy's place in Policies; -1 if the table did not take it.
func (t *Table) Index(p *Policy) int {
	if i, ok := t.index[p.ID]; ok && t.policies[i] == p {
		return i
	}
	return -1
}
