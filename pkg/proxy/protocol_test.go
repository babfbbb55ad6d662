package proxy_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// speakers are the protocols of clients.
func speakers() map[string]func(*http.Protocols, bool) {
	return map[string]func(*http.Protocols, bool){"HTTP/1.1": (*http.Protocols).SetHTTP1, "h2c": (*http.Protocols).SetUnencryptedHTTP2}
}

func TestEveryProtocolToEveryProtocol(t *testing.T) {
	t.Parallel()
	body := pattern(1 << 20)
	for client, set := range speakers() {
		for upstream, proto := range map[string]string{"HTTP1": "HTTP/1.1", "H2C": "HTTP/2.0"} {
			t.Run(client+" to "+upstream, func(t *testing.T) {
				t.Parallel()
				f := start(t, "upstream.protocol: "+upstream, serve(t, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("X-Seen", fmt.Sprint(r.Method, r.Host, r.URL, r.Proto))
					w.WriteHeader(http.StatusCreated)
					_, _ = io.Copy(w, r.Body)
				}))
				f.client = speaker(t, set)
				for range 2 { // the second time over the same connections
					got := f.call(t, http.MethodPut, "/a?b=c", io.MultiReader(strings.NewReader(body)))
					if got.StatusCode != http.StatusCreated || got.body != body || got.err != nil {
						t.Fatalf("%s, %d bytes, %v", got.Status, len(got.body), got.err)
					}
					if d := cmp.Diff("PUTshop/a?b=c"+proto, got.Header.Get("X-Seen")); d != "" {
						t.Error(d)
					}
				}
				if n := f.connections().Opened; n != 1 {
					t.Errorf("%d connections", n)
				}
			})
		}
	}
}

func TestTrailersBothWays(t *testing.T) {
	t.Parallel()
	for client, set := range speakers() {
		for _, upstream := range []string{"HTTP1", "H2C"} {
			t.Run(client+" to "+upstream, func(t *testing.T) {
				t.Parallel()
				f := start(t, always+two+"stagger: {mode: Fixed, fixed: 0s}\nupstream.protocol: "+upstream, some(t, 2, func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Trailer", "X-Declared")
					body, _ := io.ReadAll(r.Body)
					_, _ = w.Write(body)
					w.Header().Set("X-Declared", r.Trailer.Get("X-Sum"))
					w.Header().Set(http.TrailerPrefix+"X-Undeclared", "late")
				})...)
				f.client = speaker(t, set)
				for range 20 {
					got := f.call(t, http.MethodPost, "/", &sums{Reader: strings.NewReader(pattern(3000))}, func(r *http.Request) {
						r.Trailer = http.Header{"X-Sum": nil}
						r.Body.(*sums).trailer = r.Trailer
						r.ContentLength = -1
					})
					if got.body != pattern(3000) || got.err != nil {
						t.Fatalf("%d bytes %v", len(got.body), got.err)
					}
					if got.Trailer.Get("X-Declared") != "42" || got.Trailer.Get("X-Undeclared") != "late" {
						t.Fatalf("%v", got.Trailer)
					}
				}
			})
		}
	}
}

// sums is a body that knows its trailer when it ends.
type sums struct {
	io.Reader
	trailer http.Header
}

func (s *sums) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil {
		s.trailer.Set("X-Sum", "42")
	}
	return n, err
}

func (*sums) Close() error { return nil }

// A trailer arrives while a hedge takes the same request's header.
func TestTrailersOfASlowUploadThatIsHedged(t *testing.T) {
	t.Parallel()
	second := newGate()
	f := start(t, always+two, some(t, 2, func(w http.ResponseWriter, r *http.Request) {
		if number(r) == 2 {
			second.open()
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, r.Trailer.Get("X-Sum"))
	})...)
	body := &sums{Reader: readerFunc(func([]byte) (int, error) {
		second.wait()
		return 0, io.EOF
	})}
	got := f.call(t, http.MethodPost, "/", body, func(r *http.Request) {
		r.Trailer = http.Header{"X-Sum": nil}
		body.trailer = r.Trailer
		r.ContentLength = -1
	})
	if got.body != "42" {
		t.Errorf("%s %q", got.Status, got.body)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestLargeAnswers(t *testing.T) {
	t.Parallel()
	body := pattern(2 << 20)
	for _, upstream := range []string{"HTTP1", "H2C"} {
		for _, commit := range []string{"Headers", "FirstByte", "Body"} {
			f := start(t, "commit: "+commit+"\nupstream.protocol: "+upstream, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", fmt.Sprint(len(body)))
				_, _ = io.WriteString(w, body)
			}))
			if got := f.get(t, "/"); got.body != body || got.ContentLength != int64(len(body)) || got.err != nil {
				t.Errorf("%s %s: %d bytes, %v", upstream, commit, len(got.body), got.err)
			}
		}
	}
}

// serveTLS starts a replica whose certificate is for example.com and 127.0.0.1,
// and returns the file with its authority.
func serveTLS(t testing.TB, h2 bool, h http.HandlerFunc) (r *replica, caFile string) {
	t.Helper()
	r = newReplica(h)
	r.EnableHTTP2 = h2
	r.StartTLS()
	t.Cleanup(r.stop)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw})
	if err := os.WriteFile(caFile, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return r, caFile
}

func TestTLSUpstreams(t *testing.T) {
	t.Parallel()
	f := func(name string, h2 bool, extra, host, want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, caFile := serveTLS(t, h2, func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprint(w, r.Proto, " ", r.Host, " ", r.TLS.ServerName)
			})
			f := start(t, `match: [{hosts: [shop, example.com]}]`+"\n"+strings.ReplaceAll(extra, "CA", strconv.Quote(caFile)), r)
			got := f.get(t, "/", func(r *http.Request) { r.Host = host })
			want = strings.ReplaceAll(want, "ADDRESS", r.Listener.Addr().String())
			if !strings.HasPrefix(got.body, want) {
				t.Errorf("%s %s, want %s", got.Status, got.body, want)
			}
		})
	}
	const https, h2 = "upstream.protocol: HTTPS\n", "upstream.protocol: H2\n"
	f("HTTPS, the host of the caller", false, https+"upstream.tls: {caFile: CA}", "example.com:8443", "HTTP/1.1 example.com:8443 example.com")
	f("HTTPS to a server that has HTTP/2", true, https+"upstream.tls: {caFile: CA}", "example.com", "HTTP/1.1 example.com example.com")
	f("H2", true, h2+"upstream.tls: {caFile: CA}", "example.com", "HTTP/2.0 example.com example.com")
	f("H2 to a server that has not", false, h2+"upstream.tls: {caFile: CA}", "example.com", "HTTP/1.1 example.com example.com")
	f("host Upstream", false, https+"upstream.host: Upstream\nupstream.tls: {caFile: CA}", "shop", "HTTP/1.1 ADDRESS ")
	f("a host by name", false, https+"upstream.host: example.com\nupstream.tls: {caFile: CA}", "shop", "HTTP/1.1 example.com example.com")
	f("serverName", false, https+"upstream.tls: {caFile: CA, serverName: example.com}", "shop", "HTTP/1.1 shop example.com")
	f("insecureSkipVerify", false, https+"upstream.tls: {insecureSkipVerify: true}", "shop", "HTTP/1.1 shop shop")
	const refused = `{"attempts":3,"detail":"3 attempts sent, none answered; the last: the TLS handshake failed"`
	f("no host of the certificate", false, https+"upstream.tls: {caFile: CA}", "shop", refused)
	f("an authority nobody knows", false, https, "example.com", refused)
	f("H2, an authority nobody knows", true, h2, "example.com", refused)
}

// A TLS handshake that fails has sent nothing: a write may go elsewhere.
func TestTLSFailureLetsAWriteGoElsewhere(t *testing.T) {
	t.Parallel()
	good, caFile := serveTLS(t, false, echoes)
	plain := secured(serve(t, echoes))
	f := start(t, "upstream.protocol: HTTPS\nupstream.host: example.com\nupstream.tls: {caFile: \""+caFile+"\"}", good, plain)
	for range 10 {
		if got := f.call(t, http.MethodPost, "/", strings.NewReader("x")); got.body != "x" {
			t.Fatalf("%s %s", got.Status, got.body)
		}
	}
}

// Over TLS each lost attempt's stream is reset, too, and the connection changed
// for another in time.
func TestP16OverTLS(t *testing.T) {
	t.Parallel()
	quiet, caFile := serveTLS(t, true, hangs)
	fast, _ := serveTLS(t, true, says(http.StatusOK, "ok"))
	f := start(t, two+"stagger: {mode: Fixed, fixed: 0s}\nupstream.protocol: H2\nupstream.host: example.com\nupstream.tls: {caFile: \""+caFile+"\"}", quiet, fast)
	await(t, "a change of connection", func() bool {
		f.volley(t, 80)
		return t.Failed() || f.connections().Rotated >= 2
	})
}
