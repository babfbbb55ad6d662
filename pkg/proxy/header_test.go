package proxy_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// remembers keeps the requests that it serves.
type remembers struct{ gather[*http.Request] }

func (m *remembers) serve(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	m.add(r.Clone(r.Context()))
	_, _ = io.WriteString(w, "ok")
}

func (m *remembers) last(t testing.TB) *http.Request {
	t.Helper()
	all := m.list()
	if len(all) == 0 {
		t.Fatal("nothing arrived")
	}
	return all[len(all)-1]
}

func TestP31HopByHopFieldsOfARequestEndHere(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"HTTP1", "H2C"} {
		t.Run(protocol, func(t *testing.T) {
			var m remembers
			f := start(t, "upstream.protocol: "+protocol, serve(t, m.serve))
			raw(t, f.Listener.Addr().String(), "GET / HTTP/1.1\r\nHost: shop\r\nConnection: close, X-Mine, x-lower\r\nConnection: X-Also\r\n"+
				"X-Mine: 1\r\nx-lower: 1\r\nX-Also: 1\r\nX-Kept: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\n"+
				"Proxy-Authorization: Basic x\r\nProxy-Authenticate: Basic\r\nTe: trailers, deflate\r\nUpgrade: websocket\r\nHttp2-Settings: x\r\n\r\n")
			got := m.last(t).Header
			for _, name := range []string{
				"Connection", "X-Mine", "X-Lower", "X-Also", "Keep-Alive", "Proxy-Connection",
				"Proxy-Authorization", "Proxy-Authenticate", "Upgrade", "Http2-Settings",
			} {
				if got[name] != nil {
					t.Errorf("%s: %v", name, got[name])
				}
			}
			if got.Get("X-Kept") != "1" || got.Get("Te") != "trailers" {
				t.Errorf("X-Kept: %q, Te: %q", got.Get("X-Kept"), got.Get("Te"))
			}
		})
	}
}

func TestP31HopByHopFieldsOfAnAnswerEndHere(t *testing.T) {
	t.Parallel()
	f := start(t, "", speaks(t, "HTTP/1.1 200 OK\r\nConnection: X-Mine, x-lower\r\nX-Mine: 1\r\nx-lower: 1\r\nKeep-Alive: timeout=5\r\n"+
		"Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok"))
	got := f.get(t, "/")
	for _, name := range []string{"Connection", "X-Mine", "X-Lower", "Keep-Alive", "Proxy-Authenticate", "Upgrade"} {
		if got.Header[name] != nil {
			t.Errorf("%s: %v", name, got.Header[name])
		}
	}
	if got.body != "ok" || got.Header.Get("X-Kept") != "1" {
		t.Errorf("%q %v", got.body, got.Header)
	}
}

// speaks is a replica that answers every request with the same bytes and
// closes.
func speaks(t testing.TB, answer string) *replica {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, answer)
		_ = c.Close()
	})
}

func TestP31ConflictingLengthsOfARequest(t *testing.T) {
	t.Parallel()
	f := func(name, header, body, status, arrives string) {
		t.Run(name, func(t *testing.T) {
			var bodies gather[string]
			r := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got, _ := io.ReadAll(r.Body)
				if r.ContentLength >= 0 && r.TransferEncoding != nil {
					t.Errorf("both a length %d and %v arrived", r.ContentLength, r.TransferEncoding)
				}
				bodies.add(string(got))
				says(http.StatusOK, "ok")(w, r)
			})
			f := start(t, "", r)
			got := raw(t, f.Listener.Addr().String(), "POST / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n"+header+"\r\n"+body)
			if !strings.HasPrefix(got, "HTTP/1.1 "+status) {
				t.Errorf("%q", got)
			}
			var want []string
			if arrives != "" {
				want = []string{arrives}
			}
			if d := cmp.Diff(want, bodies.list()); d != "" {
				t.Error(d)
			}
		})
	}
	f("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello!", "400", "")
	f("one length twice", "Content-Length: 5\r\nContent-Length: 5\r\n", "hello", "200", "hello")
	f("chunks rule", "Content-Length: 500\r\nTransfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", "200", "hello")
	f("an unknown coding", "Transfer-Encoding: gzip\r\n", "hello", "501", "")
	f("a coding in disguise", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "5\r\nhello\r\n0\r\n\r\n", "501", "")
	f("a negative length", "Content-Length: -1\r\n", "", "400", "")
}

func TestP31ConflictingLengthsOfAnAnswer(t *testing.T) {
	t.Parallel()
	f := start(t, "", speaks(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\nokay"))
	if got := f.get(t, "/"); got.StatusCode != http.StatusBadGateway {
		t.Errorf("two lengths: %s %q", got.Status, got.body)
	}
	f = start(t, "", speaks(t, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n"))
	if got := f.get(t, "/"); got.body != "ok" || got.Header.Get("Content-Length") == "4" {
		t.Errorf("chunks: %s %q %v", got.Status, got.body, got.Header)
	}
}

// Upgrade ends at this hop, so nobody asked for another protocol.
func TestAnAnswerThatSwitchesProtocols(t *testing.T) {
	t.Parallel()
	f := start(t, "", speaks(t, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello"))
	if got := f.get(t, "/"); got.StatusCode != http.StatusBadGateway {
		t.Errorf("%s %q", got.Status, got.body)
	}
}

func TestForwardingFields(t *testing.T) {
	t.Parallel()
	var m remembers
	f := start(t, "", serve(t, m.serve))
	f.get(t, "/")
	got := m.last(t)
	want := map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "shop", "Via": "1.1 hedged",
		"User-Agent": "Go-http-client/1.1",
	}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), value)
		}
	}
	if got.Host != "shop" {
		t.Errorf("Host: %s", got.Host)
	}

	f.get(t, "/", func(r *http.Request) {
		r.Header = http.Header{
			"X-Forwarded-For": {"192.0.2.1", "192.0.2.2"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"public.example"},
			"Via": {"1.1 edge"}, "User-Agent": {""},
		}
	})
	got = m.last(t)
	want = map[string]string{
		"X-Forwarded-For": "192.0.2.1, 192.0.2.2, 127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "public.example",
		"Via": "1.1 edge,1.1 hedged", "User-Agent": "",
	}
	for name, value := range want {
		if all := strings.Join(got.Header.Values(name), ","); all != value {
			t.Errorf("%s: %q, want %q", name, all, value)
		}
	}
}

func TestRequestsAndAnswersPassAsTheyAre(t *testing.T) {
	t.Parallel()
	var m remembers
	f := start(t, "", serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.Header().Set("Content-Encoding", "br")
		w.Header().Set("Location", "/elsewhere")
		w.Header()["X-Empty"] = []string{""}
		w.WriteHeader(http.StatusFound)
		m.serve(w, r)
	}))
	got := f.get(t, "/a%2Fb/../c;d?x=1&x=2&%zz", func(r *http.Request) {
		r.Header["X-Many"] = []string{"1", "2"}
		r.Header.Set("Cookie", "c=3")
		r.Header.Set("Authorization", "Bearer x")
	})
	if got.StatusCode != http.StatusFound || got.body != "ok" {
		t.Errorf("%s %q", got.Status, got.body)
	}
	for name, want := range map[string]string{"Set-Cookie": "[a=1 b=2]", "Content-Encoding": "[br]", "Location": "[/elsewhere]", "X-Empty": "[]"} {
		if v := fmt.Sprint(got.Header[name]); v != want {
			t.Errorf("%s: %s", name, v)
		}
	}
	r := m.last(t)
	if want := "/a%2Fb/../c;d?x=1&x=2&%zz"; r.RequestURI != want {
		t.Errorf("the upstream saw %s", r.RequestURI)
	}
	if r.Header.Get("Cookie") != "c=3" || r.Header.Get("Authorization") != "Bearer x" || len(r.Header["X-Many"]) != 2 {
		t.Errorf("%v", r.Header)
	}
	if r.Header["Accept-Encoding"] != nil {
		t.Errorf("Accept-Encoding of hedged's own: %v", r.Header["Accept-Encoding"])
	}
}
