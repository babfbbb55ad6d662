package policy

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hedged.dev/hedged/api/v1alpha1"
)

func TestMatchTakesTheMostSpecific(t *testing.T) {
	tab := table(t,
		text("every", "match: [{}]"),
		text("every-path", "match: [{path: {type: PathPrefix, value: /v1/books}}]"),
		text("wide", `match: [{hosts: ["*.example"]}]`),
		text("narrow", `match: [{hosts: ["*.shop.example"], path: {type: PathPrefix, value: /v1}}]`),
		text("host", "match: [{hosts: [a.shop.example], path: {type: PathPrefix, value: /v1/}, methods: [GET]}]"),
		text("root", "match: [{hosts: [a.shop.example], path: {type: PathPrefix, value: /}, methods: [GET]}]"),
		text("deep", "match: [{hosts: [a.shop.example], path: {type: PathPrefix, value: /v1/books}, methods: [GET, HEAD]}]"),
		text("exact", "match: [{hosts: [a.shop.example], path: {type: Exact, value: /v1/books/1}, methods: [GET]}]"),
		text("gold", "match: [{hosts: [a.shop.example], path: {type: PathPrefix, value: /v1/books}, methods: [GET], headers: [{name: x-tier, value: gold}]}]"),
		text("gold-eu", "match: [{hosts: [a.shop.example], path: {type: PathPrefix, value: /v1/books}, methods: [GET], headers: [{name: x-tier, value: gold}, {name: x-region, value: eu}]}]"),
		text("any-method", "match: [{hosts: [a.shop.example], path: {type: PathPrefix, value: /v1/books}, headers: [{name: x-tier, value: gold}, {name: x-a, value: a}, {name: x-region, value: eu}]}]"),
	)
	f := func(want, method, host, path string, headers ...string) {
		t.Helper()
		h := http.Header{}
		for i := 0; i < len(headers); i += 2 {
			h.Add(headers[i], headers[i+1])
		}
		if got := winner(tab, Request{Host: host, Method: method, Path: path, Headers: h}); got != want {
			t.Errorf("%s %s%s %v falls under %q, want %q", method, host, path, h, got, want)
		}
	}
	f("every", "GET", "other", "/")
	f("every", "OPTIONS", "other", "*")
	f("every", "GET", "other", "")
	f("every-path", "GET", "other", "/v1/books")
	f("wide", "GET", "b.example", "/v1/books")
	f("narrow", "GET", "b.shop.example", "/v1/x")
	f("wide", "GET", "b.shop.example", "/v2") // the longer wildcard has no such path
	f("wide", "OPTIONS", "a.shop.example", "*")

	f("host", "GET", "a.shop.example", "/v1")
	f("host", "GET", "a.shop.example", "/v1/")
	f("host", "GET", "a.shop.example", "/v1/x")
	f("root", "GET", "a.shop.example", "/v10")
	f("root", "GET", "a.shop.example", "//v1")
	f("host", "GET", "a.shop.example", "/v1//books")
	f("deep", "GET", "a.shop.example", "/v1/books/")
	f("host", "GET", "a.shop.example", "/v1/bookshelf")
	f("exact", "GET", "a.shop.example", "/v1/books/1")
	f("deep", "GET", "a.shop.example", "/v1/books/1/")
	f("deep", "HEAD", "a.shop.example", "/v1/books/1") // the exact path has no such method
	f("narrow", "POST", "a.shop.example", "/v1/books") // nor has the host

	f("gold", "GET", "a.shop.example", "/v1/books", "X-Tier", "gold")
	f("deep", "GET", "a.shop.example", "/v1/books", "X-Tier", "Gold")
	f("gold", "GET", "a.shop.example", "/v1/books", "X-Tier", "silver", "X-Tier", "gold")
	f("gold-eu", "GET", "a.shop.example", "/v1/books", "X-Tier", "gold", "X-Region", "eu")
	f("gold-eu", "GET", "a.shop.example", "/v1/books", "X-Tier", "gold", "X-Region", "eu", "X-A", "a")
	f("any-method", "POST", "a.shop.example", "/v1/books", "X-Tier", "gold", "X-Region", "eu", "X-A", "a")
}

func TestMatchAmongEqualsTakesTheEarlier(t *testing.T) {
	tab := table(t,
		text("a", "match: [{headers: [{name: x-b, value: z}]}]"),
		text("b", "match: [{headers: [{name: x-a, value: z}]}]"))
	both := http.Header{"X-A": {"z"}, "X-B": {"z"}}
	if got := winner(tab, Request{Headers: both}); got != "a" {
		t.Errorf("falls under %q", got)
	}
	if got := winner(tab, Request{}); got != "" {
		t.Errorf("without headers falls under %q", got)
	}
}

func TestMatchGivesTheRule(t *testing.T) {
	tab := table(t, text("first"), text("second", "match: [{hosts: [other]}, {hosts: [other], path: {type: PathPrefix, value: /v1/}}]"))
	p, rule, ok := tab.Match(Request{Host: "other", Path: "/v1/x"})
	if !ok || rule.Policy != p || p.Name != "second" || rule.Index != 1 || rule.Route != "/v1/" || tab.Policies()[1] != p || tab.Index(p) != 1 {
		t.Errorf("rule %+v of %v", rule, p.ID)
	}
	if _, rule, _ = tab.Match(Request{Host: "other", Path: "/"}); rule.Route != "" {
		t.Errorf("route %q of a match without a path", rule.Route)
	}
}

func TestMatchOfTwoEqualOnesInAPolicyIsTheFirst(t *testing.T) {
	tab := table(t, text("catalog", "match: [{path: {type: PathPrefix, value: /v1}}, {path: {type: PathPrefix, value: /v1/}}]"))
	if _, rule, _ := tab.Match(Request{Path: "/v1/x"}); rule == nil || rule.Route != "/v1" {
		t.Errorf("rule %+v", rule)
	}
}

func TestMatchInAnEmptyTable(t *testing.T) {
	tab, conflicts := NewTable(nil)
	if _, _, ok := tab.Match(Request{Host: "catalog", Path: "/"}); ok || len(conflicts) != 0 || tab.HasHost("catalog") || len(tab.Policies()) != 0 {
		t.Error("an empty table has something")
	}
}

// The alphabets are small, so that rules meet requests and one another.
var (
	drawHost   = rapid.SampledFrom([]string{"a", "b.a", "c.b.a", "*.a", "*.b.a", "x"})
	drawAsked  = rapid.SampledFrom([]string{"a", "b.a", "c.b.a", "d.c.b.a", "x", "x.shop.svc", "X:80", "y"})
	drawPath   = rapid.SampledFrom([]string{"/", "/v", "/v/", "/v/w", "/v/w/x", "/vw"})
	drawMethod = rapid.SampledFrom([]string{"GET", "PUT"})
	drawValue  = rapid.SampledFrom([]string{"0", "1"})
)

func drawMatch(t *rapid.T) v1alpha1.Match {
	var m v1alpha1.Match
	m.Hosts = rapid.SliceOfNDistinct(drawHost, 0, 2, rapid.ID).Draw(t, "hosts")
	if rapid.Bool().Draw(t, "has path") {
		kind := rapid.SampledFrom([]v1alpha1.PathType{v1alpha1.PathExact, v1alpha1.PathPrefix}).Draw(t, "type")
		m.Path = &v1alpha1.PathMatch{Type: kind, Value: drawPath.Draw(t, "path")}
	}
	m.Methods = rapid.SliceOfNDistinct(drawMethod, 0, 2, rapid.ID).Draw(t, "methods")
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x-a", "X-B", "x-c"}), 0, 2, rapid.ID).Draw(t, "names") {
		m.Headers = append(m.Headers, v1alpha1.HeaderMatch{Name: name, Value: drawValue.Draw(t, "value")})
	}
	return m
}

// naive finds the policy of a request the slow way, from the documents.
func naive(ps []*Policy, r Request) *Policy {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	type candidate struct {
		p    *Policy
		rank [5]int
	}
	var best *candidate
	for _, p := range ps {
		for _, m := range p.Spec.Match {
			hostRank, fits := naiveHost(m.Hosts, host)
			pathRank, fitsPath := naivePath(m.Path, r.Path)
			fits = fits && fitsPath && (len(m.Methods) == 0 || slices.Contains(m.Methods, r.Method))
			for _, h := range m.Headers {
				fits = fits && slices.Contains(r.Headers.Values(h.Name), h.Value)
			}
			if !fits {
				continue
			}
			c := &candidate{p: p, rank: [5]int{hostRank, pathRank, min(len(m.Methods), 1), len(m.Headers)}}
			if best == nil || slices.Compare(c.rank[:], best.rank[:]) > 0 {
				best = c
			}
		}
	}
	if best == nil {
		return nil
	}
	return best.p
}

func naiveHost(hosts []string, host string) (rank int, ok bool) {
	if len(hosts) == 0 {
		return 0, true
	}
	for _, h := range hosts {
		switch suffix, wildcard := strings.CutPrefix(h, "*"); {
		case wildcard && strings.HasSuffix(host, suffix):
			rank, ok = max(rank, len(suffix)), true
		case h == host, !strings.Contains(h, ".") && slices.Contains([]string{h + ".shop", h + ".shop.svc", h + ".shop.svc.cluster.local"}, host):
			rank, ok = 1000, true
		}
	}
	return rank, ok
}

func naivePath(m *v1alpha1.PathMatch, path string) (rank int, ok bool) {
	if m == nil {
		return 0, true
	}
	if m.Type == v1alpha1.PathExact {
		return 1000, path == m.Value
	}
	prefix := strings.TrimSuffix(m.Value, "/") + "/"
	return len(prefix), strings.HasPrefix(path+"/", prefix)
}

func TestMatchEqualsALinearScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ps []*Policy
		for i := range rapid.IntRange(0, 6).Draw(t, "policies") {
			p := &Policy{ID: ID{"shop", fmt.Sprint(i)}}
			p.Spec.Match = rapid.SliceOfN(rapid.Custom(drawMatch), 1, 3).Draw(t, "matches")
			for j := range p.Spec.Match {
				p.rules = append(p.rules, compileRule(&p.Spec.Match[j], Options{Namespace: "shop", ClusterDomain: "cluster.local"}))
			}
			ps = append(ps, p)
		}
		tab, conflicts := NewTable(ps)
		if len(tab.Policies())+len(conflicts) != len(ps) {
			t.Fatalf("%d policies and %d conflicts of %d", len(tab.Policies()), len(conflicts), len(ps))
		}
		for range 20 {
			r := Request{Host: drawAsked.Draw(t, "host"), Method: drawMethod.Draw(t, "method"), Path: drawPath.Draw(t, "path")}
			headers := http.Header{}
			for _, name := range []string{"X-A", "X-B", "X-C"} {
				for _, value := range rapid.SliceOfN(drawValue, 0, 2).Draw(t, name) {
					headers.Add(name, value)
				}
			}
			r.Headers = headers
			got, _, _ := tab.Match(r)
			if want := naive(tab.Policies(), r); got != want {
				t.Fatalf("%+v falls under %v, want %v", r, identity(got), identity(want))
			}
		}
	})
}

func identity(p *Policy) string {
	if p == nil {
		return "none"
	}
	return p.ID.String()
}

// TestConflictIsAnEqualClaim holds NewTable against a comparison of all pairs.
func TestConflictIsAnEqualClaim(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ps []*Policy
		for i := range 2 {
			m := drawMatch(t)
			ps = append(ps, &Policy{ID: ID{"shop", fmt.Sprint(i)}, rules: []rule{compileRule(&m, Options{Namespace: "shop", ClusterDomain: "cluster.local"})}})
		}
		want := false
		for a := range ps[0].rules[0].claims {
			for b := range ps[1].rules[0].claims {
				want = want || cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.method, b.method)) == 0 &&
					a.path == b.path && slices.Equal(a.headers, b.headers)
			}
		}
		if _, conflicts := NewTable(ps); (len(conflicts) > 0) != want {
			t.Fatalf("conflicts %v, want %v: %+v %+v", conflicts, want, ps[0].rules, ps[1].rules)
		}
	})
}
