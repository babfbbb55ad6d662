package v1alpha1

// Match is one kind of call. Every part that is present has to hold.
type Match struct {
	// Hosts are names, "*.suffix" wildcards or addresses, without a port. A name without a dot also stands for its forms in the policy's namespace (.ns, .ns.svc, .ns.svc.cluster.local). Absent: every host.
	Hosts []string `json:"hosts,omitempty" jsonschema:"uniqueItems=true,minLength=1"`
	// Path is the path of the call. Absent: every path.
	Path *PathMatch `json:"path,omitempty"`
	// Methods are the HTTP methods. Absent: every method; whether one is hedged is idempotency's business.
	Methods []string `json:"methods,omitempty" jsonschema:"uniqueItems=true,pattern=^[A-Z][-A-Z0-9_]*$"`
	// Headers that the request must have, all of them.
	Headers []HeaderMatch `json:"headers,omitempty"`
	// GRPC is a gRPC service or one method of it.
	GRPC *GRPCMatch `json:"grpc,omitempty"`
}

// PathType says how a path is compared.
type PathType string

// The path types, with Gateway API's meaning.
const (
	PathExact  PathType = "Exact"
	PathPrefix PathType = "PathPrefix" // whole segments
)

// PathMatch is the path of a call.
type PathMatch struct {
	// Type is Exact, or PathPrefix (whole segments).
	Type PathType `json:"type" jsonschema:"required,enum=Exact,enum=PathPrefix"`
	// Value is the path, from its first slash.
	Value string `json:"value" jsonschema:"required,pattern=^/[^?#\\s]*$,maxLength=1024"`
}

// HeaderMatch is a header that the request must have.
type HeaderMatch struct {
	// Name of the header, in any case.
	Name string `json:"name" jsonschema:"required,minLength=1,maxLength=256,pattern=^[!#$%&'*+.^_\\x60|~0-9A-Za-z-]+$"`
	// Value that the header must have exactly.
	Value string `json:"value" jsonschema:"required,minLength=1,maxLength=4096"`
}

// GRPCMatch is a gRPC service or one method of it.
type GRPCMatch struct {
	// Service is the full name, such as shop.Catalog.
	Service string `json:"service" jsonschema:"required,minLength=1"`
	// Method of the service. Absent: all of them.
	Method string `json:"method,omitempty"`
}
