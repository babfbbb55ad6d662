package v1alpha1

// Accept lists the answers that end a call as a success.
type Accept struct {
	// HTTP status codes and ranges of them, each a string such as "404" or "200-299". Default: "200-428", "430-499".
	HTTP []string `json:"http,omitempty" jsonschema:"pattern=^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$"`
	// GRPC status names. Default: OK, NOT_FOUND, INVALID_ARGUMENT, ALREADY_EXISTS, PERMISSION_DENIED, UNAUTHENTICATED, FAILED_PRECONDITION, OUT_OF_RANGE.
	GRPC []string `json:"grpc,omitempty"`
	// Expression in CEL that an answer must satisfy as well.
	Expression string `json:"expression,omitempty"`
}

// NonFatal lists the answers after which another attempt may help.
type NonFatal struct {
	// HTTP status codes and ranges of them, each a string such as "404" or "200-299". Default: "429", "500", "502-504".
	HTTP []string `json:"http,omitzero" jsonschema:"pattern=^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$"`
	// GRPC status names. Default: UNAVAILABLE, RESOURCE_EXHAUSTED, INTERNAL, UNKNOWN.
	GRPC []string `json:"grpc,omitempty"`
}

// Commit is when an answer counts as arrived.
type Commit string

// The commit points.
const (
	CommitHeaders   Commit = "Headers"
	CommitFirstByte Commit = "FirstByte"
	CommitBody      Commit = "Body" // read whole, up to bufferLimit
)

// Idempotency says which calls a copy may be sent of.
type Idempotency string

// The words for idempotency.
const (
	IdempotencySafeMethods Idempotency = "SafeMethods"
	IdempotencyKey         Idempotency = "IdempotencyKey" // also with an Idempotency-Key header
	IdempotencyAlways      Idempotency = "Always"
)
