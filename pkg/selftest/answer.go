package selftest

import (
	"fmt"
	"strings"
	"time"
)

// answer is what came back for one call, by HTTP or by gRPC.
type answer struct {
	good    bool
	code    string // HTTP's or gRPC's
	detail  string // of one that is not good
	proxy   string // Proxy-Status: hedged's own answers have one (RFC 9209)
	attempt string // that the upstream answered; "" is not from Serve
	name    string // of the upstream
	took    time.Duration
}

// finding judges an answer to a call for a host, which only a hedge can have got.
func (a answer) finding(host string) Finding {
	switch {
	case !a.good:
		return Finding{Saw: a.code + ": " + a.detail, Remedy: a.remedy(host)}
	case a.attempt == "":
		return Finding{
			Saw:    a.code + ", and not from the upstream of this test",
			Remedy: "does the address lead to hedged, and the policy of host " + host + " to hedged selftest upstream?",
		}
	case attempt(a.attempt) < 2:
		return Finding{
			Saw:    fmt.Sprintf("%s by %s, as attempt %s: the policy did not hedge", a.code, a.name, a.attempt),
			Remedy: "is the call sent to hedged and not to the upstream, and is the policy of host " + host + " of mode Enforce?",
		}
	}
	return Finding{Passed: true, Saw: fmt.Sprintf("attempt %s answered (%s by %s after %v) while the first was unanswered",
		a.attempt, a.code, a.name, a.took.Round(time.Millisecond))}
}

// remedy is what to look at, by the kind of hedged's answer.
func (a answer) remedy(host string) string {
	kind, ofHedged := strings.CutPrefix(a.proxy, "hedged; error=")
	kind, _, _ = strings.Cut(kind, ";")
	switch {
	case kind == "destination_not_found":
		return "is the ConfigMap of the policy for host " + host + ` labelled hedged.dev/policy: "true", in a namespace that hedged watches, ` +
			"and accepted (kubectl hedged status)?"
	case kind == "destination_unavailable":
		return "are the pods of the policy's upstream ready, and may hedged list Services and EndpointSlices in their namespace?"
	case kind == "http_response_timeout":
		return "the first attempt is left unanswered on purpose, and no hedge was answered: " +
			"has the policy fanOut.max 2 or more and a stagger below its deadline, and are the upstream's pods ready?"
	case ofHedged:
		return "do the upstream's pods listen at the port of the policy's upstream, and speak its protocol?"
	}
	return "this is no answer of hedged's own: does the address lead to hedged, and the policy of host " + host +
		" to hedged selftest upstream, with protocol H2C if it is for gRPC?"
}

// unanswered is a call that got no answer.
func unanswered(from string, err error) Finding {
	return Finding{
		Saw: fmt.Sprintf("no answer from %s: %v", from, err),
		Remedy: "are hedged's pods ready, is this the name and the port of its Service, " +
			"and does a NetworkPolicy let this pod reach it?",
	}
}
