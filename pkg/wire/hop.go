package wire

import (
	"net/textproto"
	"strings"
)

// hopByHop are the fields that end at a hop (RFC 9110, section 7.6.1, and what
// older agents send). Te is not among them: see StripRequest.
var hopByHop = [...]string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Trailer", "Transfer-Encoding", "Upgrade",
}

// StripRequest removes what must not go further than this hop from a request.
func StripRequest(h Header) {
	trailers := acceptsTrailers(h)
	strip(h)
	h.Del("Te")
	h.Del("Http2-Settings")
	if trailers {
		h.Set("Te", "trailers") // gRPC upstreams insist on it
	}
}

// StripResponse removes what must not go further than this hop from a response.
func StripResponse(h Header) { strip(h) }

func strip(h Header) {
	for _, line := range h.Values("Connection") {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name != "" {
				h.Del(textproto.CanonicalMIMEHeaderKey(name))
			}
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
}

func acceptsTrailers(h Header) bool {
	for _, line := range h.Values("Te") {
		for token := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "trailers") {
				return true
			}
		}
	}
	return false
}

// Forwarded tells an upstream for whom a request is sent: the client's address
// is appended to X-Forwarded-For, the rest is set where nobody before us has.
func Forwarded(h Header, client, scheme, host string) {
	if client != "" {
		if before := h.Values("X-Forwarded-For"); len(before) > 0 {
			client = strings.Join(before, ", ") + ", " + client
		}
		h.Set("X-Forwarded-For", client)
	}
	if h.Get("X-Forwarded-Proto") == "" {
		h.Set("X-Forwarded-Proto", scheme)
	}
	if h.Get("X-Forwarded-Host") == "" {
		h.Set("X-Forwarded-Host", host)
	}
}

// Via appends hedged to the list of proxies (RFC 9110, section 7.6.3). The
// version is the one that the message was received with.
func Via(h Header, major, minor int) {
	switch {
	case major == 2:
		h.Add("Via", "2.0 hedged")
	case minor == 0:
		h.Add("Via", "1.0 hedged")
	default:
		h.Add("Via", "1.1 hedged")
	}
}

// Passes counts how often a message has passed through hedged already, by its Via.
func Passes(h Header) int {
	n := 0
	for _, line := range h.Values("Via") {
		for proxy := range strings.SplitSeq(line, ",") {
			if by := strings.Fields(proxy); len(by) > 1 && by[1] == "hedged" { // after the protocol; a comment may follow
				n++
			}
		}
	}
	return n
}
