package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"hedged.dev/hedged/pkg/upstream"
)

// clientTLS reads what a policy says about TLS. The client certificate is read
// anew for each handshake, so that a renewed one needs no restart; the CA file
// is read once.
func clientTLS(t upstream.TLS) (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         t.ServerName,
		InsecureSkipVerify: t.InsecureSkipVerify, //nolint:gosec // the policy's word, named so that nobody misreads it
		ClientSessionCache: tls.NewLRUClientSessionCache(64),
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("spec.upstream.tls.caFile: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("spec.upstream.tls.caFile: %s holds no certificate in PEM form", t.CAFile)
		}
	}
	if t.CertFile != "" {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("spec.upstream.tls.certFile, keyFile: %w", err)
			}
			return &cert, nil
		}
	}
	return config, nil
}

// NothingSent reports whether an attempt failed before any of its request left:
// while connecting or in the TLS handshake. A TLS alert does not count: TLS 1.3
// servers send one after they have read a request, too.
func NothingSent(err error) bool {
	var (
		record  tls.RecordHeaderError
		invalid *tls.CertificateVerificationError
	)
	return errors.Is(err, ErrConnect) || errors.As(err, &record) || errors.As(err, &invalid)
}
