package wire

import (
	"encoding/json"
	"strconv"
	"strings"
)

// ProblemType is the media type of hedged's own errors (RFC 9457).
const ProblemType = "application/problem+json"

// Problem is an answer of hedged's own, as against an upstream's.
type Problem struct {
	// Status is the HTTP status code.
	Status int
	// Kind is the last part of the problem's type and the same for the same
	// mistake, such as deadline_exceeded.
	Kind string
	// Title is one line for people.
	Title string
	// Detail says what happened to this call, and what to do.
	Detail string
	// ProxyError is the error type of Proxy-Status (RFC 9209, section 2.3), ""
	// for a fault in the request itself.
	ProxyError string
	// More is written beside the members above.
	More map[string]any
}

// Body is the JSON document.
func (p Problem) Body() []byte {
	doc := map[string]any{}
	for k, v := range p.More {
		doc[k] = v
	}
	doc["type"] = "https://hedged.dev/problems/" + p.Kind
	doc["title"] = p.Title
	doc["status"] = p.Status
	doc["detail"] = p.Detail
	b, err := json.Marshal(doc)
	if err != nil { // a More that is no JSON is our own mistake, not the client's
		b = []byte(`{"title":` + strconv.Quote(p.Title) + `}`)
	}
	return append(b, '\n')
}

// ProxyStatus is the value of the Proxy-Status field.
func (p Problem) ProxyStatus() string {
	s := "hedged"
	if p.ProxyError != "" {
		s += "; error=" + p.ProxyError
	}
	if p.Detail != "" {
		s += "; details=" + structuredString(p.Detail)
	}
	return s
}

// structuredString writes a string of RFC 9651: printable ASCII, quoted.
func structuredString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r > 0x7e:
			b.WriteByte('?')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// GRPCCode is the gRPC status code of an answer of hedged's own.
func GRPCCode(status int) int {
	switch status {
	case 400, 508:
		return 13 // INTERNAL
	case 404, 501:
		return 12 // UNIMPLEMENTED
	case 413:
		return 8 // RESOURCE_EXHAUSTED
	case 504:
		return 4 // DEADLINE_EXCEEDED
	default:
		return 14 // UNAVAILABLE
	}
}

// GRPCMessage encodes a text for Grpc-Message: percent-encoded UTF-8, as gRPC's
// protocol over HTTP/2 has it.
func GRPCMessage(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '%' {
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)+0x100, 16)[1:]))
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
