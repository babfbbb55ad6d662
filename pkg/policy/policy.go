package policy

import (
	"time"

	"hedged.dev/hedged/api/v1alpha1"
	"hedged.dev/hedged/pkg/adapt"
	"hedged.dev/hedged/pkg/breaker"
	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/discovery"
	"hedged.dev/hedged/pkg/hedge"
	"hedged.dev/hedged/pkg/upstream"
)

// Policy is a document, compiled. Nothing changes it.
type Policy struct {
	ID
	Revision string    // of the content: what comments, the order of fields and written defaults do not change
	Place    string    // of the document
	Line     int       // in which the document begins
	Created  time.Time // of what the document is kept in
	Text     []byte    // the document as written; with Options.Line of Before, Parse makes the same of it
	Before   int       // lines of the file that stand before Text
	Warnings Faults

	// Spec is the document with its defaults filled in.
	Spec v1alpha1.HedgePolicySpec

	Mode          v1alpha1.Mode
	Deadline      time.Duration
	StreamIdle    time.Duration // the longest silence of a body after commit
	Commit        v1alpha1.Commit
	BufferLimit   int64 // bytes of an answer
	ReplayLimit   int64 // bytes of a request
	HonorPushback bool

	Upstream Upstream
	Learn    adapt.Settings
	Budget   budget.Settings
	Breaker  breaker.Settings

	accepted, nonFatal codes
	rules              []rule
}

// Upstream is where a policy's attempts go: to Endpoints, or to those of Target.
type Upstream struct {
	Endpoints      []upstream.Key   // written down
	Target         discovery.Target // what the endpoints are found by; zero: they are written down
	Key            upstream.Key     // of every endpoint that is found, but for its address
	Host           HostMode
	HostName       string // with HostNamed
	Distinct       upstream.Distinct
	ConnectTimeout time.Duration
}

// HostMode says which host an upstream sees.
type HostMode uint8

// The host modes.
const (
	HostPreserve HostMode = iota // the caller's
	HostUpstream                 // the endpoint's address
	HostNamed                    // a name of the policy's own
)

// Enforced reports whether the policy changes what is sent. One that is not is a
// plain proxy on the wire: one attempt, no policy deadline, no breaker refusal.
func (p *Policy) Enforced() bool { return p.Mode == v1alpha1.ModeEnforce }

// Classify judges an answer by its status.
func (p *Policy) Classify(status int) hedge.Verdict {
	switch {
	case p.accepted.has(status):
		return hedge.Accepted
	case p.nonFatal.has(status):
		return hedge.NonFatal
	default:
		return hedge.Fatal
	}
}

// Idempotent reports whether a copy of a call may be sent. hasKey says that the
// request has an Idempotency-Key.
func (p *Policy) Idempotent(method string, hasKey bool) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE":
		return true
	}
	switch p.Spec.Idempotency {
	case v1alpha1.IdempotencyAlways:
		return true
	case v1alpha1.IdempotencyKey:
		return hasKey
	default:
		return false
	}
}

// StateKey names what breakers, budget and learned latency belong to: they
// outlive a revision. It is the identity with the Service or DNS name, of which
// every port is the same upstream. For written-down endpoints it is the identity
// alone, so that the list may be edited.
func (p *Policy) StateKey() string {
	switch t := p.Upstream.Target; {
	case t.Service != discovery.Service{}:
		return p.ID.String() + " service " + t.Service.Namespace + "/" + t.Service.Name
	case t.Name != discovery.Name{}:
		return p.ID.String() + " dns " + t.Name.Host
	default:
		return p.ID.String()
	}
}
