package webhook_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hedged.dev/hedged/pkg/webhook"
)

// TestCertificates swaps files under a configuration, on virtual time.
func TestCertificates(t *testing.T) {
	ca := newAuthority(t)
	certificate, key := ca.issue() // serial 2
	files := mount(t, certificate, key)
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		config, err := webhook.Certificates(files.certificate(), files.key(), slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		if config.MinVersion != tls.VersionTLS12 {
			t.Errorf("the least version is %x", config.MinVersion)
		}
		serves := func(serial int64, logged int) {
			t.Helper()
			c, err := config.GetCertificate(nil)
			if err != nil || c.Leaf.SerialNumber.Int64() != serial {
				t.Errorf("certificate %v, error %v, want %d", c.Leaf.SerialNumber, err, serial)
			}
			if n := strings.Count(log.String(), "\n"); n != logged {
				t.Errorf("%d lines are logged, want %d:\n%s", n, logged, &log)
			}
		}
		serves(2, 0)
		files.swap(ca.issue())
		time.Sleep(999 * time.Millisecond) //nolint:forbidigo // in a bubble
		serves(2, 0)                       // it does not look yet
		time.Sleep(time.Millisecond)       //nolint:forbidigo // in a bubble
		serves(3, 1)

		certificate, _ := ca.issue()
		_, otherKey := ca.issue()
		files.swap(certificate, otherKey)
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		serves(3, 2)
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		serves(3, 2)            // told once
		if !strings.Contains(log.String(), "last good one serves on") {
			t.Errorf("the log does not say so:\n%s", &log)
		}
		files.swap(ca.issue())
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		serves(6, 3)
	})
}

func TestNoCertificate(t *testing.T) {
	_, err := webhook.Certificates("nowhere.crt", "nowhere.key", slog.New(slog.DiscardHandler))
	want := "the webhook's certificate nowhere.crt with key nowhere.key: open nowhere.crt: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
