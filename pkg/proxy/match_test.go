package proxy_test

import (
	"net/http"
	"testing"

	"hedged.dev/hedged/pkg/proxy"
)

func TestTheMostSpecificMatchServesTheCall(t *testing.T) {
	t.Parallel()
	f := begin(t, proxy.Options{})
	var docs []string
	add := func(name, match string) {
		docs = append(docs, document(name, "x", "match: "+match, serve(t, says(http.StatusOK, name))))
	}
	add("every", `[{path: {type: PathPrefix, value: /}}]`)
	add("host", `[{hosts: [shop]}]`)
	add("wildcard", `[{hosts: ["*.example"]}]`)
	add("longer-wildcard", `[{hosts: ["*.shop.example"]}]`)
	add("prefix", `[{hosts: [shop], path: {type: PathPrefix, value: /v1/}}]`)
	add("exact", `[{hosts: [shop], path: {type: Exact, value: /v1/x}}]`)
	add("method", `[{hosts: [shop], path: {type: PathPrefix, value: /v1}, methods: [PUT, DELETE]}]`)
	add("header", `[{hosts: [shop], path: {type: PathPrefix, value: /v1}, headers: [{name: x-tier, value: gold}]}]`)
	f.publish(t, docs...)
	for _, c := range []struct{ method, host, path, tier, want string }{
		{"GET", "shop", "/", "", "host"},
		{"GET", "SHOP.:81", "/", "", "host"},
		{"GET", "shop.default.svc", "/", "", "host"},
		{"GET", "shop.elsewhere.svc", "/", "", "every"},
		{"GET", "a.example", "/", "", "wildcard"},
		{"GET", "a.shop.example", "/", "", "longer-wildcard"},
		{"GET", "example", "/", "", "every"},
		{"GET", "shop", "/v1", "", "prefix"},
		{"GET", "shop", "/v1/y", "", "prefix"},
		{"GET", "shop", "/v10", "", "host"},
		{"GET", "shop", "/v1/x", "", "exact"},
		{"PUT", "shop", "/v1/y", "", "method"},
		{"POST", "shop", "/v1/y", "", "prefix"},
		{"GET", "shop", "/v1/y", "gold", "header"},
		{"GET", "shop", "/v1/y", "silver", "prefix"},
	} {
		got := f.call(t, c.method, c.path, nil, func(r *http.Request) { r.Host = c.host }, set("X-Tier", c.tier))
		if got.body != c.want {
			t.Errorf("%+v: %s %s", c, got.Status, got.body)
		}
	}
}

func TestTheRouteIsTheMatchsPath(t *testing.T) {
	t.Parallel()
	f := start(t, "match: [{hosts: [shop], path: {type: PathPrefix, value: /v1/}}]", serve(t, echoes))
	f.get(t, "/v1/secret?x=y")
	if got := f.callAttr(t, "http.route"); got != "/v1/" {
		t.Error(got)
	}
	if name := f.kind("server")[0].Name; name != "GET /v1/" {
		t.Error(name)
	}
}
