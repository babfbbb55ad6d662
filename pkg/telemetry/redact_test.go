package telemetry

import (
	"net/url"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := redact(in); got != want {
			t.Errorf("redact(%q) = %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("http://a/b", "http://a/b")
	f("http://a/b?q=1&z=%20", "http://a/b?q=1&z=%20")
	f("http://me@a/b", "http://REDACTED:REDACTED@a/b")
	f("http://me:secret@a/b", "http://REDACTED:REDACTED@a/b")
	f("http://a/@b", "http://a/@b")
	f("http://a/?sig=s&q=1&Signature=t&X-Goog-Signature=u&AWSAccessKeyId=v",
		"http://a/?sig=REDACTED&q=1&Signature=REDACTED&X-Goog-Signature=REDACTED&AWSAccessKeyId=REDACTED")
	f("http://a/?signature=kept&sig", "http://a/?signature=kept&sig=REDACTED")
	f("http://a/%zz?sig=s", "")
}

func FuzzRedact(f *testing.F) {
	for _, seed := range []string{"http://u:p@h/p?sig=x&a=b", "//@", "?sig", "http://[::1]:80/?a=1;sig=2", "%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := redact(raw)
		u, err := url.Parse(got)
		if err != nil {
			if got != raw { // what has nothing to hide is left as it is
				t.Fatalf("redact(%q) = %q: %v", raw, got, err)
			}
			return
		}
		if u.User != nil && u.User.String() != "REDACTED:REDACTED" {
			t.Fatalf("redact(%q) = %q", raw, got)
		}
		for _, name := range signatureTable {
			if v := u.Query().Get(name); v != "" && v != redacted {
				// Names that differ in their escapes are the same to a server.
				if !strings.Contains(raw, "%") && !strings.Contains(raw, "+") {
					t.Fatalf("redact(%q) = %q", raw, got)
				}
			}
		}
	})
}
