package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/transport"
	"hedged.dev/hedged/pkg/wire"
)

// refuse answers what hedged does not do at all.
func refuse(r *http.Request) (wire.Problem, bool) {
	switch {
	case r.Method == http.MethodConnect:
		return wire.Problem{
			Status: http.StatusNotImplemented, Kind: "connect_not_supported", Title: "CONNECT is not supported",
			Detail:     "hedged cannot see into a tunnel: send the request with http:// towards hedged, and let the policy say protocol: HTTPS towards the upstream",
			ProxyError: "http_request_denied",
		}, true
	case r.URL.IsAbs() && r.URL.Scheme != "http":
		return wire.Problem{
			Status: http.StatusNotImplemented, Kind: "scheme_not_supported", Title: "Only http:// is supported here",
			Detail:     "send the request with http:// towards hedged, and let the policy say protocol: HTTPS towards the upstream",
			ProxyError: "http_request_denied",
		}, true
	default:
		return wire.Problem{}, false
	}
}

// maxPasses is how often a call may have passed through hedged: a chain of services,
// each behind one, is seldom so long, and a loop has no end.
const maxPasses = 5

// looped is the answer to a call that comes back to hedged again and again. Its
// status is final by default (RFC 5842, section 7.2): nobody on the way tries again.
func looped(t *route) wire.Problem {
	return wire.Problem{
		Status: http.StatusLoopDetected, Kind: "loop_detected", Title: "The call goes round in a circle",
		Detail:     fmt.Sprintf("it has passed through hedged %d times: the upstream of policy %s leads to hedged again; name the Service behind it instead", maxPasses, t.policy.ID),
		ProxyError: "proxy_loop_detected",
		More:       map[string]any{"policy": t.policy.ID.String()},
	}
}

// noMatch says what was looked for, and names no other host.
func noMatch(r *http.Request) wire.Problem {
	return wire.Problem{
		Status: http.StatusNotFound, Kind: "no_policy", Title: "No policy matches this request",
		Detail: fmt.Sprintf("no policy matches host %q, method %s, path %q; the policies are listed at /config_dump on the admin address",
			r.Host, r.Method, r.URL.Path),
		ProxyError: "destination_not_found",
		More:       map[string]any{"host": r.Host, "method": r.Method, "path": r.URL.Path},
	}
}

// problem is the answer to a call that has none.
func (c *call) problem(o *hedge.Outcome[*http.Response]) wire.Problem {
	p := wire.Problem{More: map[string]any{"policy": c.route.policy.ID.String(), "attempts": o.Launched}}
	if len(o.Suppressed) > 0 {
		var suppressed []string
		for _, s := range o.Suppressed {
			suppressed = append(suppressed, fmt.Sprintf("%d: %s", s.Number, s.Reason))
		}
		p.More["suppressed"] = suppressed
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(o.Err, &tooLarge):
		p.Status, p.Kind, p.Title = http.StatusRequestEntityTooLarge, "request_too_large", "The request body is too large"
		p.Detail = fmt.Sprintf("the body is larger than the %d bytes that hedged was told to take (--max-body-bytes)", tooLarge.Limit)
	case c.body != nil && c.body.failed() != nil:
		p.Status, p.Kind, p.Title = http.StatusBadRequest, "request_incomplete", "The request body broke off"
		p.Detail = "the client's body ended before it was whole"
	case errors.Is(o.Err, hedge.ErrRefused):
		p.Status, p.Kind, p.Title = http.StatusServiceUnavailable, "no_endpoints", "The upstream has no endpoints"
		p.Detail = c.route.state.supply.lack()
		p.ProxyError = "destination_unavailable"
	case errors.Is(o.Err, hedge.ErrDeadline):
		p.Status, p.Kind, p.Title = http.StatusGatewayTimeout, "deadline_exceeded", "No answer within the deadline"
		p.Detail = fmt.Sprintf("no acceptable answer in %s, with %s sent", c.deadline.Sub(c.arrived).Round(time.Millisecond), attempts(o.Launched))
		p.ProxyError = "http_response_timeout"
	default:
		p.Status, p.Kind, p.Title = http.StatusBadGateway, "attempts_failed", "Every attempt failed"
		what, proxyError := failure(o.Err)
		p.Detail = fmt.Sprintf("%s sent, none answered; the last: %s", attempts(o.Launched), what)
		p.ProxyError = proxyError
	}
	return p
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return strconv.Itoa(n) + " attempts"
}

// failure says in a client's words why an attempt got no answer, and with the
// error type of RFC 9209. An error's own text may name addresses that are none
// of the client's business; it is in the attempt's span.
func failure(err error) (what, proxyError string) {
	var timeout net.Error
	isTimeout := errors.As(err, &timeout) && timeout.Timeout()
	switch {
	case errors.Is(err, hedge.ErrTimedOut):
		return "the attempt timeout passed", "connection_read_timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", "connection_refused"
	case errors.Is(err, transport.ErrConnect) && isTimeout:
		return "connect timed out", "connection_timeout"
	case errors.Is(err, transport.ErrConnect):
		return "could not connect", "destination_unavailable"
	case transport.NothingSent(err) || strings.Contains(err.Error(), "tls:"):
		return "the TLS handshake failed", "tls_protocol_error"
	case errors.Is(err, errCutOff):
		return "the answer was cut off", "http_response_incomplete"
	case errors.Is(err, context.DeadlineExceeded) || isTimeout:
		return "it timed out", "connection_read_timeout"
	default:
		return "the connection broke off", "connection_terminated"
	}
}

// writeProblem writes an answer of hedged's own; a gRPC client gets it as a
// status (trailers only), since it would not look at anything else.
func writeProblem(w http.ResponseWriter, r *http.Request, p wire.Problem) {
	h := w.Header()
	h.Set("Proxy-Status", p.ProxyStatus())
	if wire.IsGRPC(fields(r.Header)) {
		h.Set("Content-Type", "application/grpc")
		h.Set("Grpc-Status", strconv.Itoa(wire.GRPCCode(p.Status)))
		h.Set("Grpc-Message", wire.GRPCMessage(p.Title+": "+p.Detail))
		w.WriteHeader(http.StatusOK)
		return
	}
	body := p.Body()
	h.Set("Content-Type", wire.ProblemType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone; nothing is left to tell it
	}
}
