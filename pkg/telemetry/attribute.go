package telemetry

import (
	"net"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// The attributes that are hedged's own, on spans and as metric labels. The
// others are those of OpenTelemetry's semantic conventions.
const (
	PolicyKey           = attribute.Key("hedged.policy")            // namespace/name
	RevisionKey         = attribute.Key("hedged.policy.revision")   // content hash
	UpstreamKey         = attribute.Key("hedged.upstream")          // name of the upstream
	AttemptNumberKey    = attribute.Key("hedged.attempt.number")    // from 1
	AttemptTriggerKey   = attribute.Key("hedged.attempt.trigger")   // initial, stagger, failure
	AttemptOutcomeKey   = attribute.Key("hedged.attempt.outcome")   // won, lost, failed, …
	AttemptVerdictKey   = attribute.Key("hedged.attempt.verdict")   // of a failed attempt: non-fatal, fatal
	AttemptsKey         = attribute.Key("hedged.attempts")          // attempts that the call launched
	WinnerKey           = attribute.Key("hedged.winner")            // number of the attempt that won
	SuppressedKey       = attribute.Key("hedged.suppressed")        // on spans: number:trigger:reason
	SuppressedReasonKey = attribute.Key("hedged.suppressed.reason") // on metrics: the reason alone
	PlanReasonKey       = attribute.Key("hedged.plan.reason")       // why the plan is as it is
	PlanFanOutKey       = attribute.Key("hedged.plan.fan_out")      // attempts that the plan allowed
	PlanStateKey        = attribute.Key("hedged.plan.state")        // what the plan took the upstream's state for
	PlanRuleKey         = attribute.Key("hedged.plan.rule")         // what decided on the plan
	ShadowAttemptsKey   = attribute.Key("hedged.shadow.attempts")   // attempts that the plan would have launched, in mode Shadow
	ShadowSuppressedKey = attribute.Key("hedged.shadow.suppressed") // those it would have suppressed: number:trigger:reason
	CallOutcomeKey      = attribute.Key("hedged.call.outcome")      // succeeded, failed, timed_out, client_gone
)

// otherMethod stands for every method that the conventions do not list, so
// that a client cannot make series by inventing methods.
const otherMethod = "_OTHER"

// knownMethod returns the value of http.request.method for a method.
func knownMethod(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY":
		return method
	}
	return otherMethod
}

// spanMethod returns how a span's name calls a known method.
func spanMethod(known string) string {
	if known == otherMethod {
		return "HTTP"
	}
	return known
}

// methodAttributes appends the method and, when it is none that the
// conventions list, how it was written.
func methodAttributes(attrs []attribute.KeyValue, method string) []attribute.KeyValue {
	known := knownMethod(method)
	attrs = append(attrs, semconv.HTTPRequestMethodKey.String(known))
	if known == otherMethod {
		attrs = append(attrs, semconv.HTTPRequestMethodOriginal(method))
	}
	return attrs
}

// protocolVersion returns network.protocol.version for HTTP's name of a
// protocol, or "" for one that is unknown.
func protocolVersion(proto string) string {
	switch proto {
	case "HTTP/1.0":
		return "1.0"
	case "HTTP/1.1":
		return "1.1"
	case "HTTP/2.0", "HTTP/2":
		return "2"
	case "HTTP/3.0", "HTTP/3":
		return "3"
	}
	return ""
}

// knownScheme keeps url.scheme to two values.
func knownScheme(scheme string) string {
	if scheme == "https" {
		return scheme
	}
	return "http"
}

// hostPort appends an address and its port under their keys. An address
// without a port, such as a Host header's, is kept whole; an empty one adds
// nothing.
func hostPort(attrs []attribute.KeyValue, address string, hostKey, portKey attribute.Key) []attribute.KeyValue {
	if address == "" {
		return attrs
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return append(attrs, hostKey.String(address))
	}
	attrs = append(attrs, hostKey.String(host))
	if n, err := strconv.Atoi(port); err == nil {
		attrs = append(attrs, portKey.Int(n))
	}
	return attrs
}

// text appends a string attribute unless it is empty. Clients may send anything;
// what is not UTF-8 in it is replaced, since one such attribute would keep all the
// spans of its batch from being sent.
func text(attrs []attribute.KeyValue, key attribute.Key, value string) []attribute.KeyValue {
	if value == "" {
		return attrs
	}
	return append(attrs, key.String(strings.ToValidUTF8(value, "\uFFFD")))
}
