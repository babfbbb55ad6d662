package v1alpha1

// HedgePolicy says which calls are hedged, towards which upstream, and how.
type HedgePolicy struct {
	APIVersion string          `json:"apiVersion" jsonschema:"required,enum=hedged.dev/v1alpha1"`
	Kind       string          `json:"kind" jsonschema:"required,enum=HedgePolicy"`
	Metadata   Metadata        `json:"metadata" jsonschema:"required"`
	Spec       HedgePolicySpec `json:"spec" jsonschema:"required"`
}

// Metadata names the policy.
type Metadata struct {
	// Name is the policy's name, a DNS-1123 subdomain, unique in its namespace. The namespace is the ConfigMap's, or the one that the daemon was started with.
	Name string `json:"name" jsonschema:"required,minLength=1,maxLength=253,pattern=^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"`
}

// Mode says how far a policy goes.
type Mode string

// The modes.
const (
	ModeEnforce  Mode = "Enforce"  // hedge
	ModeShadow   Mode = "Shadow"   // decide and record, send one attempt
	ModeDisabled Mode = "Disabled" // a plain proxy
)

// HedgePolicySpec is what a policy asks for. Only match, upstream and deadline have no default.
type HedgePolicySpec struct {
	// Mode is Enforce, Shadow (decide and record, send one attempt) or Disabled (a plain proxy). Default: Enforce.
	Mode Mode `json:"mode,omitempty" jsonschema:"enum=Enforce,enum=Shadow,enum=Disabled,default=Enforce"`
	// Match lists the calls that the policy is for: any of these; of all policies the most specific match wins.
	Match []Match `json:"match" jsonschema:"required,minItems=1"`
	// Upstream is where attempts go.
	Upstream Upstream `json:"upstream" jsonschema:"required"`
	// Deadline is the time from a call's arrival to its commit. A caller's own deadline may shorten it.
	Deadline Duration `json:"deadline" jsonschema:"required"`
	// StreamIdleTimeout is the longest silence of a body after commit. Default: 60s.
	StreamIdleTimeout Duration `json:"streamIdleTimeout,omitzero" jsonschema:"default=60s"`
	// AttemptTimeout is the longest that one attempt may take from launch to commit. Default: 0s, bounded by the deadline only.
	AttemptTimeout Duration `json:"attemptTimeout" jsonschema:"default=0s"`
	// FanOut bounds the attempts of a call.
	FanOut FanOut `json:"fanOut,omitzero"`
	// Stagger is the wait before the next attempt is launched.
	Stagger Stagger `json:"stagger,omitzero"`
	// Budget bounds extra attempts to a share of calls.
	Budget Budget `json:"budget"`
	// Overload says what a slower upstream means.
	Overload Overload `json:"overload,omitzero"`
	// Accept lists the answers that end a call as a success.
	Accept Accept `json:"accept,omitzero"`
	// NonFatal lists the answers after which another attempt may help. Any other that is not accepted ends the call.
	NonFatal NonFatal `json:"nonFatal,omitzero"`
	// Commit is when an answer counts as arrived: Headers, FirstByte, or Body (read whole, up to bufferLimit). Default: Headers.
	Commit Commit `json:"commit,omitempty" jsonschema:"enum=Headers,enum=FirstByte,enum=Body,default=Headers"`
	// BufferLimit is the most of an answer's body that is kept. Default: 1Mi.
	BufferLimit Size `json:"bufferLimit" jsonschema:"default=1Mi"`
	// Idempotency says which calls a copy may be sent of: SafeMethods, IdempotencyKey (also those with that header), or Always. Default: SafeMethods.
	Idempotency Idempotency `json:"idempotency,omitempty" jsonschema:"enum=SafeMethods,enum=IdempotencyKey,enum=Always,default=SafeMethods"`
	// ReplayLimit is the largest request body that is kept for further attempts; a larger one goes once, unhedged. Default: 64Ki.
	ReplayLimit Size `json:"replayLimit" jsonschema:"default=64Ki"`
	// CircuitBreaker is the breaker of each endpoint.
	CircuitBreaker CircuitBreaker `json:"circuitBreaker,omitzero"`
	// Pushback says whether an upstream's word to wait or to stop is obeyed: Honor or Ignore. Default: Honor.
	Pushback Pushback `json:"pushback,omitempty" jsonschema:"enum=Honor,enum=Ignore,default=Honor"`
}

// FanOut bounds the attempts of a call.
type FanOut struct {
	// Max is the most attempts of a call, the first included; 1 means never a second one. Default: 3.
	Max int `json:"max" jsonschema:"minimum=1,maximum=8,default=3"`
	// Adaptive leaves the number of attempts to the controller; false means always max when due. Default: true.
	Adaptive bool `json:"adaptive" jsonschema:"default=true"`
	// SuccessTarget is the share of calls that are to succeed; further attempts are not planned for misses far below what it allows. Default: 0.999.
	SuccessTarget *float64 `json:"successTarget,omitempty" jsonschema:"exclusiveMinimum=0,exclusiveMaximum=1,default=0.999"`
	// Within is the time from a call's arrival within which successTarget of the calls are to be answered; at most the deadline. Default: none, the deadline is the only target.
	Within *Duration `json:"within,omitempty"`
}

// StaggerMode says where the stagger comes from.
type StaggerMode string

// The stagger modes.
const (
	StaggerAuto     StaggerMode = "Auto"     // the controller
	StaggerQuantile StaggerMode = "Quantile" // a quantile of answered attempts
	StaggerFixed    StaggerMode = "Fixed"    // written down
)

// Stagger is the wait before the next attempt is launched. Min, max and initial
// serve the modes Auto and Quantile.
type Stagger struct {
	// Mode is Auto (the controller), Quantile (of answered attempts) or Fixed. Default: Auto.
	Mode StaggerMode `json:"mode,omitempty" jsonschema:"enum=Auto,enum=Quantile,enum=Fixed,default=Auto"`
	// Fixed is the stagger in mode Fixed; 0s sends all attempts at once.
	Fixed *Duration `json:"fixed,omitempty"`
	// Quantile is the share of answered attempts that the stagger waits for in mode Quantile.
	Quantile *float64 `json:"quantile,omitempty" jsonschema:"exclusiveMinimum=0,exclusiveMaximum=1"`
	// Min is the shortest stagger. Default: 1ms.
	Min *Duration `json:"min,omitempty" jsonschema:"default=1ms"`
	// Max is the longest stagger. Default: the deadline.
	Max *Duration `json:"max,omitempty"`
	// Initial is the stagger until enough has been observed. Default: a twentieth of the
	// deadline, within min and max.
	Initial *Duration `json:"initial,omitempty"`
}

// Budget bounds extra attempts.
type Budget struct {
	// Percent is the share of extra attempts in calls. Default: 10.
	Percent float64 `json:"percent" jsonschema:"minimum=0,maximum=700,default=10"`
	// MinPerSecond is the floor of extra attempts a second, for quiet upstreams. Default: 10.
	MinPerSecond float64 `json:"minPerSecond" jsonschema:"minimum=0,maximum=1000000,default=10"`
}

// Overload says what a slower upstream means.
type Overload struct {
	// TrustUpstream says that the upstream is known to become slower for other reasons than load: only its pushback stops hedging. Default: false.
	TrustUpstream bool `json:"trustUpstream" jsonschema:"default=false"`
}

// CircuitBreaker is the breaker of each endpoint.
type CircuitBreaker struct {
	// ConsecutiveFailures opens the breaker when so many attempts in a row fail. Default: 5.
	ConsecutiveFailures int `json:"consecutiveFailures" jsonschema:"minimum=1,maximum=1000000,default=5"`
	// FailureRatio opens the breaker when so large a share of a window's attempts fails. Default: 0.5.
	FailureRatio float64 `json:"failureRatio" jsonschema:"exclusiveMinimum=0,maximum=1,default=0.5"`
	// MinAttempts is the number of attempts in a window from which on failureRatio counts. Default: 20.
	MinAttempts int `json:"minAttempts" jsonschema:"minimum=1,maximum=1000000,default=20"`
	// Window is the time over which attempts are counted. Default: 10s.
	Window Duration `json:"window" jsonschema:"default=10s"`
	// OpenFor is the time that an open breaker waits before it probes. Default: 10s.
	OpenFor Duration `json:"openFor" jsonschema:"default=10s"`
	// HalfOpenAttempts is the number of probes that have to succeed before the breaker closes. Default: 1.
	HalfOpenAttempts int `json:"halfOpenAttempts" jsonschema:"minimum=1,maximum=1000,default=1"`
}

// Pushback says whether an upstream's word to wait or to stop is obeyed.
type Pushback string

// What may be done about pushback.
const (
	PushbackHonor  Pushback = "Honor"
	PushbackIgnore Pushback = "Ignore"
)
