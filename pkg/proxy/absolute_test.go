package proxy_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/proxy"
)

func TestP32AbsoluteFormOnlyForHostsThatAPolicyNames(t *testing.T) {
	t.Parallel()
	var m remembers
	r := serve(t, m.serve)
	f := begin(t, proxy.Options{})
	f.publish(t,
		strings.Replace(document("every", "x", unhurried, r), "hosts: [x]", "path: {type: PathPrefix, value: /}", 1), // of every host
		document("shop", `shop, "*.catalog.example"`, unhurried, r))
	send := func(target, host string) string {
		return raw(t, f.Listener.Addr().String(), "GET "+target+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
	}
	for _, target := range []string{
		"http://shop/x", "http://SHOP.:8080/x", "http://shop.default.svc.cluster.local/x", "http://a.catalog.example/x",
	} {
		if got := send(target, "ignored"); !strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Errorf("%s: %q", target, got)
		} else if m.last(t).RequestURI != "/x" {
			t.Errorf("%s arrived as %s", target, m.last(t).RequestURI)
		}
	}
	before := r.served.Load()
	for _, target := range []string{"http://other.example/", "http://169.254.169.254/latest/", r.URL + "/", "http://shop.evil.example/", "http://catalog.example/"} {
		if got := send(target, "shop"); !strings.HasPrefix(got, "HTTP/1.1 404") || !strings.Contains(got, "no_policy") {
			t.Errorf("%s: %q", target, got)
		}
	}
	if n := r.served.Load(); n != before {
		t.Errorf("%d of them were forwarded", n-before)
	}
	// The same host by Host alone is a reverse proxy's business.
	if got := send("/", "other.example"); !strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Errorf("by Host: %q", got)
	}
}

func TestP32AClientThatUsesHTTPProxy(t *testing.T) {
	t.Parallel()
	f := start(t, "", serve(t, says(http.StatusOK, "ok")))
	through, _ := url.Parse(f.URL)
	c := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(through)}}
	defer c.CloseIdleConnections()
	got, err := c.Get("http://shop/v1/x")
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	if got.StatusCode != http.StatusOK || got.Header.Get("Via") != "1.1 hedged" {
		t.Errorf("%s %v", got.Status, got.Header)
	}
	if got, err = c.Get("http://elsewhere/v1/x"); err != nil || got.StatusCode != http.StatusNotFound {
		t.Fatalf("%v %v", got, err)
	}
	_ = got.Body.Close()
	if _, err = c.Get("https://shop/"); err == nil || !strings.Contains(err.Error(), "Not Implemented") {
		t.Errorf("through a tunnel: %v", err)
	}
}

func TestP32TunnelsAndHTTPSAreRefused(t *testing.T) {
	t.Parallel()
	f := start(t, "", serve(t, echoes))
	for name, request := range map[string]string{
		"CONNECT":           "CONNECT shop:443 HTTP/1.1\r\nHost: shop:443\r\nConnection: close\r\n\r\n",
		"https://":          "GET https://shop/ HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
		"another scheme":    "GET ftp://shop/ HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
		"CONNECT elsewhere": "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\nConnection: close\r\n\r\n",
	} {
		got := raw(t, f.Listener.Addr().String(), request)
		if !strings.HasPrefix(got, "HTTP/1.1 501 ") || !strings.Contains(got, "application/problem+json") {
			t.Errorf("%s: %q", name, got)
		}
		if !strings.Contains(got, "http:// towards hedged") || !strings.Contains(got, "protocol: HTTPS towards the upstream") {
			t.Errorf("%s does not say what to do: %q", name, got)
		}
	}
}

func TestNoMatch(t *testing.T) {
	t.Parallel()
	f := start(t, "", serve(t, echoes))
	f.publish(t, document("shop", "secret-shop, other.example", "match: [{hosts: [secret-shop], path: {type: Exact, value: /only}, methods: [GET]}]", serve(t, echoes)))
	got := f.get(t, "/some/path?token=1")
	if got.StatusCode != http.StatusNotFound || got.Header.Get("Content-Type") != "application/problem+json" {
		t.Fatalf("%s %v", got.Status, got.Header)
	}
	for _, want := range []string{"shop", "GET", "/some/path", "/config_dump"} {
		if !strings.Contains(got.body, want) {
			t.Errorf("no %s in %s", want, got.body)
		}
	}
	for _, secret := range []string{"secret-shop", "other.example", "token", "127.0.0.1"} {
		if strings.Contains(got.body, secret) || strings.Contains(got.Header.Get("Proxy-Status"), secret) {
			t.Errorf("%s in %s, Proxy-Status: %s", secret, got.body, got.Header.Get("Proxy-Status"))
		}
	}
	if s := got.Header.Get("Proxy-Status"); !strings.HasPrefix(s, "hedged; error=destination_not_found") {
		t.Error(s)
	}
	await(t, "its span", func() bool { return len(f.kind("server")) == 1 })
}
