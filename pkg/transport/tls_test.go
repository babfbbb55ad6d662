package transport_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/upstream"
)

// serveTLS starts a server whose certificate is for example.com and 127.0.0.1,
// and returns the file with its authority.
func serveTLS(t testing.TB, edit ...func(*httptest.Server)) (s *httptest.Server, caFile string) {
	t.Helper()
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" "+r.TLS.ServerName)
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	for _, e := range edit {
		e(s)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, writePEM(t, "CERTIFICATE", s.Certificate().Raw)
}

func writePEM(t testing.TB, kind string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTLSVersionsAndNames(t *testing.T) {
	s, caFile := serveTLS(t)
	f := func(p upstream.Protocol, o upstream.TLS, name, want string) {
		t.Helper()
		c := carry(t, upstream.Key{Address: s.Listener.Addr().String(), Protocol: p, TLS: o}, transport.Options{})
		if !c.Secure() {
			t.Error("not secure")
		}
		got, err := get(t, c, name)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s %+v %s: %s, want %s", p, o, name, got, want)
		}
		if err != nil && !transport.NothingSent(err) {
			t.Errorf("%v counts as sent", err)
		}
	}
	f(upstream.HTTPS, upstream.TLS{CAFile: caFile}, "example.com", "HTTP/1.1 example.com")
	f(upstream.H2, upstream.TLS{CAFile: caFile}, "example.com:1234", "HTTP/2.0 example.com")
	f(upstream.H2, upstream.TLS{CAFile: caFile}, s.Listener.Addr().String(), "HTTP/2.0 ")
	f(upstream.HTTPS, upstream.TLS{CAFile: caFile, ServerName: "example.com"}, "shop", "HTTP/1.1 example.com")
	f(upstream.HTTPS, upstream.TLS{InsecureSkipVerify: true}, "shop", "HTTP/1.1 shop")
	f(upstream.HTTPS, upstream.TLS{CAFile: caFile}, "shop", "certificate is valid for")
	f(upstream.H2, upstream.TLS{}, "example.com", "signed by unknown authority")
}

// Over TLS a name is also the SNI: each has connections of its own.
func TestTLSNamesDoNotShareConnections(t *testing.T) {
	s, _ := serveTLS(t)
	c := carry(t, upstream.Key{Address: s.Listener.Addr().String(), Protocol: upstream.H2, TLS: upstream.TLS{InsecureSkipVerify: true}}, transport.Options{})
	for range 3 {
		for _, name := range []string{"a.example", "b.example"} {
			if got, err := get(t, c, name); got != "HTTP/2.0 "+name || err != nil {
				t.Errorf("%q %v", got, err)
			}
		}
	}
	if n := c.Stats().Opened; n != 2 {
		t.Errorf("%d connections", n)
	}
}

func TestTLSFilesThatCannotBeRead(t *testing.T) {
	nothing := writePEM(t, "GARBAGE", []byte("x"))
	for file, want := range map[string]string{"/does/not/exist": "spec.upstream.tls.caFile: open", nothing: "holds no certificate"} {
		c := carry(t, upstream.Key{Address: "127.0.0.1:1", Protocol: upstream.HTTPS, TLS: upstream.TLS{CAFile: file}}, transport.Options{})
		if _, err := get(t, c, "shop"); err == nil || !strings.Contains(err.Error(), want) || !transport.NothingSent(err) {
			t.Errorf("%v, want %s", err, want)
		}
		if !c.Secure() {
			t.Error("a carrier with a broken file is not secure")
		}
	}
}

// The client certificate is read for each handshake: one that is renewed needs
// no restart.
func TestTLSClientCertificate(t *testing.T) {
	s, caFile := serveTLS(t, func(s *httptest.Server) { s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert} })
	key, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), writePEM(t, "PRIVATE KEY", key)
	c := carry(t, upstream.Key{Address: s.Listener.Addr().String(), Protocol: upstream.HTTPS, TLS: upstream.TLS{CAFile: caFile, CertFile: certFile, KeyFile: keyFile}}, transport.Options{})
	if _, err := get(t, c, "example.com"); err == nil || !strings.Contains(err.Error(), "certFile") {
		t.Errorf("without the file: %v", err)
	}
	data, err := os.ReadFile(caFile) // the server's own will do
	if err == nil {
		err = os.WriteFile(certFile, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, err := get(t, c, "example.com"); got != "HTTP/1.1 example.com" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	c = carry(t, upstream.Key{Address: s.Listener.Addr().String(), Protocol: upstream.HTTPS, TLS: upstream.TLS{CAFile: caFile}}, transport.Options{})
	if _, err := get(t, c, "example.com"); err == nil {
		t.Error("no certificate was needed")
	}
}

// A change of connection makes another http.Transport, which must not share the
// configuration that it writes to.
func TestP16ChangingTheConnectionOverTLS(t *testing.T) {
	s, caFile := serveTLS(t)
	c := carry(t, upstream.Key{Address: s.Listener.Addr().String(), Protocol: upstream.H2, TLS: upstream.TLS{CAFile: caFile}}, transport.Options{ResetLimit: 2})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				if got, err := get(t, c, "example.com"); got != "HTTP/2.0 example.com" || err != nil {
					t.Errorf("%q %v", got, err)
				}
				c.Cancelled()
			}
		})
	}
	wg.Wait()
	if c.Stats().Rotated < 10 {
		t.Errorf("%+v", c.Stats())
	}
}
