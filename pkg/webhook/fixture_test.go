package webhook_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
	"hedged.dev/hedged/pkg/webhook"
)

// judging is a webhook that judges as the daemon has it judge.
func judging() http.Handler {
	return webhook.New(webhook.Options{
		Judge: func(files []source.File) policy.Faults {
			return control.Findings(control.Judge(files, "cluster.local"))
		},
		Log: slog.New(slog.DiscardHandler),
	})
}

// document is a policy; a deadline that is none makes it invalid.
func document(name, host, deadline string) string {
	return fmt.Sprintf(`apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: %s}
spec:
  match: [{hosts: [%s]}]
  upstream: {endpoints: ["http://127.0.0.1:1"]}
  deadline: %s
`, name, host, deadline)
}

// Documents of catalog.yaml, and what is said of the bad one in namespace %s.
var (
	good = document("catalog", "catalog.example", "300ms")
	bad  = document("catalog", "catalog.example", "soon")
)

const fault = `%s/policies/catalog.yaml:7:13: spec.deadline: Invalid value: "soon": must be a duration such as "300ms", "1.5s" or "2m"`

// configMap holds catalog.yaml under the policy label.
func configMap(text string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "policies", Labels: map[string]string{"hedged.dev/policy": "true"}},
		Data:       map[string]string{"catalog.yaml": text},
	}
}

// authority is a CA for tests.
type authority struct {
	tb          testing.TB
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	pem         []byte
	serial      int64
}

func newAuthority(tb testing.TB) *authority {
	tb.Helper()
	a := &authority{tb: tb}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.serial = 1
	var der []byte
	a.key, der = a.sign(template, template, nil)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	a.certificate = certificate
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

func (a *authority) sign(template, parent *x509.Certificate, by *ecdsa.PrivateKey) (key *ecdsa.PrivateKey, der []byte) {
	a.tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.tb.Fatal(err)
	}
	if by == nil {
		by = key
	}
	der, err = x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		a.tb.Fatal(err)
	}
	return key, der
}

// issue makes a certificate for 127.0.0.1 and its key. Each has the next serial
// number.
func (a *authority) issue() (certificate, key []byte) {
	a.tb.Helper()
	a.serial++
	signed, der := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: "webhook"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.certificate, a.key)
	private, err := x509.MarshalPKCS8PrivateKey(signed)
	if err != nil {
		a.tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// mounted is a folder in which files lie as Kubernetes mounts a Secret: through a
// link that changes for all of them at once.
type mounted struct {
	tb     testing.TB
	folder string
	n      int
}

func mount(tb testing.TB, certificate, key []byte) *mounted {
	tb.Helper()
	m := &mounted{tb: tb, folder: tb.TempDir()}
	m.swap(certificate, key)
	for _, name := range []string{"tls.crt", "tls.key"} {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(m.folder, name)); err != nil {
			tb.Fatal(err)
		}
	}
	return m
}

func (m *mounted) swap(certificate, key []byte) {
	m.tb.Helper()
	m.n++
	version := fmt.Sprintf("..%d", m.n)
	if err := os.Mkdir(filepath.Join(m.folder, version), 0o700); err != nil {
		m.tb.Fatal(err)
	}
	for name, data := range map[string][]byte{"tls.crt": certificate, "tls.key": key} {
		if err := os.WriteFile(filepath.Join(m.folder, version, name), data, 0o600); err != nil {
			m.tb.Fatal(err)
		}
	}
	next := filepath.Join(m.folder, "..data_next")
	if err := os.Symlink(version, next); err != nil {
		m.tb.Fatal(err)
	}
	if err := os.Rename(next, filepath.Join(m.folder, "..data")); err != nil {
		m.tb.Fatal(err)
	}
}

func (m *mounted) certificate() string { return filepath.Join(m.folder, "tls.crt") }
func (m *mounted) key() string         { return filepath.Join(m.folder, "tls.key") }
