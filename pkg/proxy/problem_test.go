package proxy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/policy"
)

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	dead := nobody(t)
	f := start(t, unhurried, dead)
	got := f.get(t, "/")
	var problem map[string]any
	if err := json.Unmarshal([]byte(got.body), &problem); err != nil {
		t.Fatalf("%v in %s", err, got.body)
	}
	if got.StatusCode != http.StatusBadGateway || got.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s %s", got.Status, got.Header)
	}
	want := map[string]any{
		"type": "https://hedged.dev/problems/attempts_failed", "status": 502.0, "title": "Every attempt failed",
		"detail": "3 attempts sent, none answered; the last: connection refused", "policy": "default/shop", "attempts": 3.0,
	}
	if d := cmp.Diff(want, problem); d != "" {
		t.Error(d)
	}
	if s := got.Header.Get("Proxy-Status"); !strings.HasPrefix(s, "hedged; error=connection_refused") {
		t.Error(s)
	}
	address := strings.TrimPrefix(dead.URL, "http://")
	if all := fmt.Sprint(got.Header, got.body); strings.Contains(all, address) {
		t.Errorf("the endpoint's address leaks: %s", all)
	}
}

func TestProblemsNameNoEndpoint(t *testing.T) {
	t.Parallel()
	f := func(name, extra string, status int, proxyError string, replicas ...*replica) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, extra, replicas...)
			got := f.get(t, "/")
			if got.StatusCode != status {
				t.Errorf("%s %s", got.Status, got.body)
			}
			if s := got.Header.Get("Proxy-Status"); !strings.HasPrefix(s, "hedged; error="+proxyError) {
				t.Error(s)
			}
			if all := fmt.Sprint(got.Header, got.body); strings.Contains(all, "127.0.0.1") {
				t.Errorf("an address leaks: %s", all)
			}
		})
	}
	tooLong := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", pattern(2<<20)) }
	f("deadline", "deadline: 100ms", 504, "http_response_timeout", serve(t, hangs))
	f("attempt timeout", "attemptTimeout: 30ms\nstagger: {mode: Fixed, fixed: 1s}", 502, "connection_read_timeout", serve(t, hangs))
	f("reset", "", 502, "connection_terminated", serve(t, resets))
	f("no TLS there", "upstream.protocol: HTTPS", 502, "tls_protocol_error", secured(serve(t, echoes)))
	f("no CA file", `upstream.protocol: HTTPS`+"\n"+`upstream.tls: {caFile: "/127.0.0.1/ca.pem"}`, 502, "destination_unavailable", secured(serve(t, echoes)))
	f("header too long", "", 502, "connection_terminated", serve(t, tooLong))
}

// secured pretends that a replica is reached over TLS.
func secured(r *replica) *replica {
	r.URL = strings.Replace(r.URL, "http://", "https://", 1)
	return r
}

func TestNoEndpoints(t *testing.T) {
	t.Parallel()
	f := start(t, "", serve(t, echoes))
	ps, _ := policy.Parse([]byte(document("shop", "shop", "", serve(t, echoes))), policy.Options{Namespace: "default"})
	ps[0].Upstream.Endpoints = nil
	table, _ := policy.NewTable(ps)
	f.handler.Publish(table)
	got := f.get(t, "/")
	if got.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.body, "no_endpoints") {
		t.Fatalf("%s %s", got.Status, got.body)
	}
	if s := got.Header.Get("Proxy-Status"); !strings.HasPrefix(s, "hedged; error=destination_unavailable") {
		t.Error(s)
	}
}

func TestConnectTimeoutOfThePolicy(t *testing.T) {
	t.Parallel()
	f := start(t, unhurried+"upstream.connectTimeout: 30ms", full(t))
	got := f.get(t, "/")
	if got.StatusCode != http.StatusBadGateway || !strings.Contains(got.body, "connect timed out") || got.took > 3*time.Second {
		t.Errorf("%s %s in %s", got.Status, got.body, got.took)
	}
	if s := got.Header.Get("Proxy-Status"); !strings.HasPrefix(s, "hedged; error=connection_timeout") {
		t.Error(s)
	}
}

// full is a replica whose backlog is full: to connect takes for ever.
func full(t testing.TB) *replica {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	bound, _ := name.(*syscall.SockaddrInet4)
	address := (&net.TCPAddr{IP: bound.Addr[:], Port: bound.Port}).String()
	for {
		c, err := (&net.Dialer{Timeout: 200 * time.Millisecond}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return &replica{Server: &httptest.Server{URL: "http://" + address}}
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}
