package policy

import (
	"fmt"
	"net/http"
	"testing"

	"hedged.dev/hedged/api/v1alpha1"
)

// crowd makes n policies of one match each.
func crowd(tb testing.TB, n int, match func(i int) v1alpha1.Match) *Table {
	tb.Helper()
	ps := make([]*Policy, n)
	for i := range ps {
		m := match(i)
		ps[i] = &Policy{ID: ID{"shop", fmt.Sprint(i)}, rules: []rule{compileRule(&m, Options{Namespace: "shop", ClusterDomain: "cluster.local"})}}
	}
	t, conflicts := NewTable(ps)
	if len(conflicts) > 0 {
		tb.Fatal(conflicts[0].Key)
	}
	return t
}

func ownHost(i int) v1alpha1.Match {
	return v1alpha1.Match{
		Hosts: []string{fmt.Sprintf("svc-%d.shop.example", i)},
		Path:  &v1alpha1.PathMatch{Type: v1alpha1.PathPrefix, Value: "/v1/"},
	}
}

func ownPrefix(i int) v1alpha1.Match {
	return v1alpha1.Match{
		Hosts: []string{"svc.shop.example"},
		Path:  &v1alpha1.PathMatch{Type: v1alpha1.PathPrefix, Value: fmt.Sprintf("/v1/part-%d/", i)},
	}
}

func ownHeader(i int) v1alpha1.Match {
	return v1alpha1.Match{
		Hosts:   []string{"svc.shop.example"},
		Headers: []v1alpha1.HeaderMatch{{Name: "x-tenant", Value: fmt.Sprint(i)}},
	}
}

func ownWildcard(i int) v1alpha1.Match {
	return v1alpha1.Match{Hosts: []string{fmt.Sprintf("*.svc-%d.shop.example", i)}}
}

func BenchmarkMatch(b *testing.B) {
	run := func(name string, n int, match func(int) v1alpha1.Match, r Request) {
		b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
			t := crowd(b, n, match)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, ok := t.Match(r); !ok {
					b.Fatal("no match")
				}
			}
		})
	}
	for _, n := range []int{10, 1000, 10_000} {
		last := n - 1
		run("hosts", n, ownHost, Request{Host: fmt.Sprintf("svc-%d.shop.example:8080", last), Method: "GET", Path: "/v1/items/17"})
		run("prefixes", n, ownPrefix, Request{Host: "svc.shop.example", Method: "GET", Path: fmt.Sprintf("/v1/part-%d/items/17", last)})
		run("headers", n, ownHeader, Request{Host: "svc.shop.example", Method: "GET", Path: "/", Headers: http.Header{"X-Tenant": {fmt.Sprint(last)}}})
		run("wildcards", n, ownWildcard, Request{Host: fmt.Sprintf("a.svc-%d.shop.example", last), Method: "GET", Path: "/"})
	}
}

func BenchmarkNewTable(b *testing.B) {
	ps := crowd(b, 10_000, ownHost).Policies()
	for b.Loop() {
		NewTable(ps)
	}
}

func BenchmarkParse(b *testing.B) {
	document := []byte(text("catalog"))
	b.ReportAllocs()
	for b.Loop() {
		Parse(document, Options{})
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	ceiling := func(name string, match func(int) v1alpha1.Match, r Request) {
		t.Helper()
		tab := crowd(t, 1000, match)
		if _, _, ok := tab.Match(r); !ok {
			t.Errorf("%s: no match", name)
		}
		if n := testing.AllocsPerRun(100, func() {
			tab.Match(r)
			tab.HasHost(r.Host)
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	ceiling("host", ownHost, Request{Host: "svc-7.shop.example", Path: "/v1/x", Headers: http.Header{}})
	ceiling("host with port and dot", ownHost, Request{Host: "svc-7.shop.example.:8080", Path: "/v1/x"})
	ceiling("prefix", ownPrefix, Request{Host: "svc.shop.example", Path: "/v1/part-7/x/y/z"})
	ceiling("header", ownHeader, Request{Host: "svc.shop.example", Path: "/", Headers: http.Header{"X-Tenant": {"7"}}})
	ceiling("wildcard", ownWildcard, Request{Host: "a.b.svc-7.shop.example:80", Path: "/"})
}

// A client may send a host of thousands of labels.
func BenchmarkMatchHostileHost(b *testing.B) {
	t := crowd(b, 1000, ownWildcard)
	host := ""
	for range 4000 {
		host += "a."
	}
	for b.Loop() {
		t.Match(Request{Host: host + "example", Path: "/"})
	}
}
