package telemetry

import (
	"net/url"
	"strings"
)

// redacted stands where a secret was.
const redacted = "REDACTED"

// signatureTable holds the query parameters that grant access by themselves and
// that the conventions name as never to be recorded.
var signatureTable = []string{"AWSAccessKeyId", "Signature", "sig", "X-Goog-Signature"}

// redact returns a URL without the secrets in it: its user information, and
// the values of signatures. A URL that cannot be parsed is left out.
func redact(raw string) string {
	if !strings.ContainsAny(raw, "@?") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	if u.User != nil {
		u.User = url.UserPassword(redacted, redacted)
	}
	if u.RawQuery != "" {
		u.RawQuery = redactQuery(u.RawQuery)
	}
	return u.String()
}

// redactQuery keeps the order and spelling of what it does not replace.
func redactQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		for _, secret := range signatureTable {
			if name == secret {
				parts[i] = name + "=" + redacted
			}
		}
	}
	return strings.Join(parts, "&")
}
