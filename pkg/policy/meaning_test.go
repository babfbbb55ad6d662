package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/hedge"
)

// text is a document with the fields that have to be written, and more fields of
// its spec. A field of more takes the place of one of the same name.
func text(name string, more ...string) string {
	fields := map[string]string{
		"match":    "[{hosts: [catalog]}]",
		"upstream": `{endpoints: ["http://10.0.0.1", "http://10.0.0.2", "http://10.0.0.3"]}`,
		"deadline": "300ms",
		"fanOut":   "{adaptive: false}",
		"stagger":  "{mode: Fixed, fixed: 20ms}",
	}
	for _, field := range more {
		key, value, _ := strings.Cut(field, ": ")
		fields[key] = value
	}
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: hedged.dev/v1alpha1\nkind: HedgePolicy\nmetadata: {name: %s}\nspec:\n", name)
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(&b, "  %s: %s\n", key, fields[key])
	}
	return b.String()
}

// parse gives the one policy of a document, in the namespace shop.
func parse(t testing.TB, document string) *Policy {
	t.Helper()
	policies, faults := Parse([]byte(document), Options{Place: "test.yaml", Namespace: "shop"})
	if len(policies) != 1 {
		t.Fatalf("%d policies, faults %v, of\n%s", len(policies), faults, document)
	}
	return policies[0]
}

// refused gives the faults of a document that is no policy.
func refused(t testing.TB, document string) Faults {
	t.Helper()
	policies, faults := Parse([]byte(document), Options{Place: "test.yaml", Namespace: "shop"})
	if len(policies) != 0 || len(faults.Errors()) == 0 {
		t.Fatalf("not refused:\n%s", document)
	}
	return faults
}

func table(t testing.TB, documents ...string) *Table {
	t.Helper()
	var ps []*Policy
	for _, d := range documents {
		ps = append(ps, parse(t, d))
	}
	tab, conflicts := NewTable(ps)
	if len(conflicts) > 0 {
		t.Fatalf("conflict: %s", conflicts[0].Key)
	}
	return tab
}

// winner is the name of the policy that a request falls under; "" is none.
func winner(tab *Table, r Request) string {
	if p, _, ok := tab.Match(r); ok {
		return p.Name
	}
	return ""
}

func TestIdentityIsNamespaceAndName(t *testing.T) {
	if got := parse(t, text("catalog")).ID.String(); got != "shop/catalog" {
		t.Errorf("identity %s", got)
	}
	policies, _ := Parse([]byte(text("catalog")), Options{})
	if got := policies[0].ID.String(); got != "default/catalog" {
		t.Errorf("identity without a namespace given: %s", got)
	}
}

func TestIdentityDuplicateIsAConflict(t *testing.T) {
	first, second := parse(t, text("catalog")), parse(t, text("catalog", "match: [{hosts: [other]}]"))
	tab, conflicts := NewTable([]*Policy{first, second})
	if len(conflicts) != 1 || conflicts[0].Policy != second || conflicts[0].Holder != first || conflicts[0].Key != "name shop/catalog" {
		t.Errorf("conflicts %+v", conflicts)
	}
	if got := winner(tab, Request{Host: "other"}); got != "" {
		t.Errorf("the refused document serves %q", got)
	}
	elsewhere, _ := Parse([]byte(text("catalog", "match: [{hosts: [other]}]")), Options{Namespace: "garden"})
	if _, conflicts = NewTable([]*Policy{first, elsewhere[0]}); len(conflicts) != 0 {
		t.Errorf("the same name in another namespace conflicts: %+v", conflicts)
	}
}

func TestConflictGoesToTheEarlierAndRefusesTheWholeDocument(t *testing.T) {
	first := parse(t, text("first", "match: [{hosts: [catalog], path: {type: PathPrefix, value: /v1/}, methods: [GET, POST]}]"))
	second := parse(t, text("second", "match: [{hosts: [other]}, {hosts: [catalog.shop.svc], path: {type: PathPrefix, value: /v1}, methods: [HEAD, GET]}]"))
	third := parse(t, text("third", "match: [{hosts: [other]}]"))
	tab, conflicts := NewTable([]*Policy{first, second, third})
	if len(conflicts) != 1 || conflicts[0].Policy != second || conflicts[0].Holder != first {
		t.Fatalf("conflicts %+v", conflicts)
	}
	if want := "host catalog.shop.svc prefix /v1/ method GET"; conflicts[0].Key != want {
		t.Errorf("conflict over %q, want %q", conflicts[0].Key, want)
	}
	if got := winner(tab, Request{Host: "other", Path: "/"}); got != "third" {
		t.Errorf("what the refused document asked for besides is held by %q", got)
	}
	if tab.Index(second) != -1 || tab.Index(third) != 1 || len(tab.Policies()) != 2 {
		t.Errorf("index of the refused %d, of the third %d", tab.Index(second), tab.Index(third))
	}
	if tab, conflicts = NewTable([]*Policy{second, third, first}); len(conflicts) != 2 || winner(tab, Request{Host: "other", Path: "/"}) != "second" {
		t.Errorf("in the other order: %+v", conflicts)
	}
}

func TestHostsPortCaseAndTrailingDotDoNotCount(t *testing.T) {
	tab := table(t,
		text("name", "match: [{hosts: [Catalog.Example.]}]"),
		text("wildcard", `match: [{hosts: ["*.Shop.Example."]}]`),
		text("v4", "match: [{hosts: [10.0.0.1]}]"),
		text("v6", `match: [{hosts: ["2001:DB8:0::1"]}]`),
		text("v6-brackets", `match: [{hosts: ["[::1]"]}]`))
	for host, want := range map[string]string{
		"catalog.example":       "name",
		"CATALOG.example.:8080": "name",
		"catalog.example:":      "name",
		"a.shop.example:80":     "wildcard",
		"a.b.SHOP.example.":     "wildcard",
		"shop.example":          "",
		".shop.example":         "",
		"ashop.example":         "",
		"10.0.0.1:8080":         "v4",
		"[2001:db8::1]:8080":    "v6",
		"[2001:db8::1]":         "v6",
		"2001:db8::1":           "v6",
		"[::1]:1":               "v6-brackets",
		"[::1":                  "",
		"":                      "",
		"other.example":         "",
	} {
		if got := winner(tab, Request{Host: host, Path: "/"}); got != want {
			t.Errorf("host %q falls under %q, want %q", host, got, want)
		}
		if got := tab.HasHost(host); got != (want != "") {
			t.Errorf("HasHost(%q) = %v", host, got)
		}
	}
}

func TestHostWithoutADotMatchesItsFormsInTheNamespace(t *testing.T) {
	tab := table(t, text("catalog"))
	for host, want := range map[string]string{
		"catalog":                        "catalog",
		"catalog.shop":                   "catalog",
		"catalog.shop.svc":               "catalog",
		"Catalog.shop.svc.cluster.local": "catalog",
		"catalog.garden":                 "",
		"catalog.shop.svc.other.domain":  "",
		"catalog.svc":                    "",
	} {
		if got := winner(tab, Request{Host: host}); got != want {
			t.Errorf("host %q falls under %q, want %q", host, got, want)
		}
	}
	policies, _ := Parse([]byte(text("catalog")), Options{Namespace: "shop", ClusterDomain: "k8s.example"})
	tab, _ = NewTable(policies)
	if !tab.HasHost("catalog.shop.svc.k8s.example") || tab.HasHost("catalog.shop.svc.cluster.local") {
		t.Error("the forms do not follow the cluster's domain")
	}
}

// P32: a request in absolute form is forwarded for these hosts only.
func TestP32HasHostIsTrueForNamedHostsOnly(t *testing.T) {
	tab := table(t, text("named"), text("all", "match: [{}]"))
	if got := winner(tab, Request{Host: "elsewhere.example", Path: "/"}); got != "all" {
		t.Errorf("the policy for every host does not match: %q", got)
	}
	if tab.HasHost("elsewhere.example") {
		t.Error("a policy for every host names a host")
	}
	if !tab.HasHost("catalog:8080") {
		t.Error("a named host is not found")
	}
}

func TestAttemptTimeoutAtOrAboveTheDeadlineIsAnError(t *testing.T) {
	for _, timeout := range []string{"300ms", "1s"} {
		faults := refused(t, text("catalog", "attemptTimeout: "+timeout))
		if len(faults) != 1 || faults[0].Path != "spec.attemptTimeout" {
			t.Errorf("%s: %v", timeout, faults)
		}
	}
	if p := parse(t, text("catalog", "attemptTimeout: 299ms")); len(p.Warnings) != 0 {
		t.Errorf("just below the deadline: %v", p.Warnings)
	}
}

func TestAttemptTimeoutBelowTheStaggerIsAWarning(t *testing.T) {
	warned := func(want bool, fields ...string) {
		t.Helper()
		p := parse(t, text("catalog", fields...))
		if got := len(p.Warnings) == 1 && strings.Contains(p.Warnings[0].Message, "sequential retry"); got != want {
			t.Errorf("%v: warnings %v", fields, p.Warnings)
		}
	}
	warned(true, "attemptTimeout: 19ms")
	warned(false, "attemptTimeout: 20ms")
	warned(false, "attemptTimeout: 0s")
	warned(false, "attemptTimeout: 19ms", "fanOut: {adaptive: false, max: 1}")
	warned(true, "attemptTimeout: 14ms", "stagger: {mode: Quantile, quantile: 0.9}")
	warned(false, "attemptTimeout: 15ms", "stagger: {mode: Quantile, quantile: 0.9}")
}

func TestRequireWithFanOutAboveTheEndpointsIsAWarning(t *testing.T) {
	p := parse(t, text("catalog", `upstream: {endpoints: ["http://10.0.0.1", "http://10.0.0.2"], distinct: Require}`))
	if len(p.Warnings) != 1 || !p.Warnings[0].Warning || p.Warnings[0].Path != "spec.fanOut.max" {
		t.Errorf("warnings %v", p.Warnings)
	}
	if p = parse(t, text("catalog", `upstream: {endpoints: ["http://10.0.0.1"], distinct: Prefer}`)); len(p.Warnings) != 0 {
		t.Errorf("Prefer: %v", p.Warnings)
	}
}

func TestClassificationByDefault(t *testing.T) {
	p := parse(t, text("catalog"))
	want := map[int]hedge.Verdict{
		0: hedge.Fatal, 99: hedge.Fatal, 100: hedge.Fatal, 199: hedge.Fatal, 600: hedge.Fatal, 999: hedge.Fatal, -1: hedge.Fatal,
		200: hedge.Accepted, 301: hedge.Accepted, 404: hedge.Accepted, 428: hedge.Accepted, 430: hedge.Accepted, 499: hedge.Accepted,
		429: hedge.NonFatal, 500: hedge.NonFatal, 502: hedge.NonFatal, 503: hedge.NonFatal, 504: hedge.NonFatal,
		501: hedge.Fatal, 505: hedge.Fatal, 599: hedge.Fatal,
	}
	for status, verdict := range want {
		if got := p.Classify(status); got != verdict {
			t.Errorf("%d is %s, want %s", status, got, verdict)
		}
	}
}

func TestClassificationAnythingElseNotAcceptedIsFatal(t *testing.T) {
	p := parse(t, text("catalog", `accept: {http: ["200-299", "599"]}`, "nonFatal: {http: []}"))
	for status := range 700 {
		want := hedge.Fatal
		if status >= 200 && status < 300 || status == 599 {
			want = hedge.Accepted
		}
		if got := p.Classify(status); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
	}
}

func TestClassificationOverlapOfAcceptAndNonFatalIsAnError(t *testing.T) {
	faults := refused(t, text("catalog", `accept: {http: ["200-500"]}`, `nonFatal: {http: ["404", "500-503"]}`))
	if len(faults) != 1 || !strings.Contains(faults[0].Message, "404, 500 is also in") {
		t.Errorf("faults %v", faults)
	}
}

func TestIdempotencyByDefaultIsTheSafeMethods(t *testing.T) {
	p := parse(t, text("catalog"))
	for method, want := range map[string]bool{
		"GET": true, "HEAD": true, "OPTIONS": true, "TRACE": true,
		"POST": false, "PUT": false, "DELETE": false, "PATCH": false, "get": false, "": false,
	} {
		if p.Idempotent(method, false) != want || p.Idempotent(method, true) != want {
			t.Errorf("%s with and without a key: %v, %v", method, p.Idempotent(method, true), p.Idempotent(method, false))
		}
	}
}

func TestIdempotencyKeyAlsoWithThatHeader(t *testing.T) {
	p := parse(t, text("catalog", "idempotency: IdempotencyKey"))
	if !p.Idempotent("POST", true) || p.Idempotent("POST", false) || !p.Idempotent("GET", false) {
		t.Error("the key alone decides for POST, and nothing for GET")
	}
}

func TestIdempotencyAlways(t *testing.T) {
	if p := parse(t, text("catalog", "idempotency: Always")); !p.Idempotent("POST", false) {
		t.Error("POST is not resent")
	}
}

// P14: nothing that writes is sent twice unless the policy says so.
func TestP14WritesAreNotCopiedByDefault(t *testing.T) {
	p := parse(t, text("catalog", "match: [{methods: [POST]}]"))
	if p.Idempotent("POST", false) {
		t.Error("a match on POST makes it idempotent")
	}
}

func TestScopeOfStateIsTheIdentityForWrittenEndpoints(t *testing.T) {
	a := parse(t, text("catalog"))
	b := parse(t, text("catalog", `upstream: {endpoints: ["http://elsewhere"]}`, "circuitBreaker: {window: 1m}"))
	if a.Revision == b.Revision || a.StateKey() != b.StateKey() || a.StateKey() != "shop/catalog" {
		t.Errorf("revisions %s and %s, scopes %s and %s", a.Revision, b.Revision, a.StateKey(), b.StateKey())
	}
	if c := parse(t, text("other")); c.StateKey() == a.StateKey() {
		t.Error("two policies share their state")
	}
}

func TestScopeOfStateIsTheServiceOrNameToo(t *testing.T) {
	f := func(upstream, want string) {
		t.Helper()
		if got := parse(t, text("catalog", "upstream: {"+upstream+"}")).StateKey(); got != want {
			t.Errorf("%s: %q, want %q", upstream, got, want)
		}
	}
	f("service: {name: catalog, port: http}", "shop/catalog service shop/catalog")
	f("service: {name: catalog, port: 8080}", "shop/catalog service shop/catalog") // a port is the same upstream
	f("service: {name: catalog, namespace: garden, port: http}", "shop/catalog service garden/catalog")
	f("dns: {name: catalog.example, port: 443}", "shop/catalog dns catalog.example")
	f("dns: {name: catalog.example, port: 80, refresh: 1m}", "shop/catalog dns catalog.example")
}

func TestServiceOfThePolicysNamespaceByDefault(t *testing.T) {
	const service = "upstream: {service: {name: catalog, port: http%s}}"
	p, written := parse(t, text("catalog", fmt.Sprintf(service, ""))), parse(t, text("catalog", fmt.Sprintf(service, ", namespace: shop")))
	if p.Upstream.Target.Service.Namespace != "shop" || p.Revision != written.Revision {
		t.Errorf("%v, revisions %s and %s", p.Upstream.Target, p.Revision, written.Revision)
	}
	if other := parse(t, text("catalog", fmt.Sprintf(service, ", namespace: garden"))); other.Revision == p.Revision {
		t.Error("a namespace that is not the default changes no revision")
	}
}

func TestHostOfAFoundUpstream(t *testing.T) {
	f := func(upstream string, mode HostMode, name string) {
		t.Helper()
		if u := parse(t, text("catalog", "upstream: {"+upstream+"}")).Upstream; u.Host != mode || u.HostName != name {
			t.Errorf("%s: %d %q, want %d %q", upstream, u.Host, u.HostName, mode, name)
		}
	}
	f("service: {name: catalog, port: http}", HostPreserve, "")
	f("service: {name: catalog, port: http}, host: Upstream", HostNamed, "catalog.shop.svc.cluster.local")
	f("service: {name: catalog, port: http}, host: named.example", HostNamed, "named.example")
	f("dns: {name: catalog.example, port: 80}", HostNamed, "catalog.example")
	f("dns: {name: catalog.example, port: 443}", HostNamed, "catalog.example:443")
	f("dns: {name: catalog.example, port: 443}, protocol: H2", HostNamed, "catalog.example")
	f("dns: {name: catalog.example, port: 80}, host: Preserve", HostPreserve, "")
	f("dns: {name: catalog.example, port: 80}, host: named.example", HostNamed, "named.example")
}

func TestShadowAndDisabledAreNotEnforced(t *testing.T) {
	for mode, want := range map[string]bool{"Enforce": true, "Shadow": false, "Disabled": false} {
		if got := parse(t, text("catalog", "mode: "+mode)).Enforced(); got != want {
			t.Errorf("%s is enforced: %v", mode, got)
		}
	}
	if !parse(t, text("catalog")).Enforced() {
		t.Error("a policy without a mode is not enforced")
	}
}
