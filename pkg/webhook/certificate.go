package webhook

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Certificates makes the configuration of a TLS listener whose certificate and key
// are in files. A handshake looks whether these have changed, once a second at
// most, and takes the new pair; one that cannot be used is logged, and the last
// good pair serves on. The error is that of the first pair.
func Certificates(certFile, keyFile string, log *slog.Logger) (*tls.Config, error) {
	p := &pair{certFile: certFile, keyFile: keyFile, log: log}
	if err := p.load(); err != nil {
		return nil, fmt.Errorf("the webhook's certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: p.certificate}, nil
}

// pair is a certificate and its key. mu guards what follows it.
type pair struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	looked time.Time
	seen   [2]os.FileInfo // what was there when the files were last read; nil where nothing was
	good   *tls.Certificate
}

// lookEvery is the least time between two looks at the files.
const lookEvery = time.Second

func (p *pair) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.looked) < lookEvery || !p.changed() {
		return p.good, nil
	}
	if err := p.load(); err != nil {
		p.log.Error("the webhook's new certificate cannot be used: the last good one serves on",
			slog.String("certificate", p.certFile), slog.String("key", p.keyFile), slog.Any("error", err))
	} else {
		p.log.Info("the webhook's certificate was read anew", slog.String("certificate", p.certFile))
	}
	return p.good, nil
}

// changed looks whether other files are there than were read. Kubernetes replaces
// the files of a mounted Secret through a symbolic link, which Stat follows.
func (p *pair) changed() bool {
	p.looked = time.Now()
	now := p.stat()
	for i, was := range p.seen {
		if !sameFile(was, now[i]) {
			return true
		}
	}
	return false
}

// load reads the pair. Files that change meanwhile are seen to at the next look,
// since they are looked at before they are read.
func (p *pair) load() error {
	p.looked, p.seen = time.Now(), p.stat()
	certificate, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err == nil {
		p.good = &certificate
	}
	return err
}

func (p *pair) stat() (files [2]os.FileInfo) {
	for i, name := range []string{p.certFile, p.keyFile} {
		if info, err := os.Stat(name); err == nil {
			files[i] = info
		}
	}
	return files
}

func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
