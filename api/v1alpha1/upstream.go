package v1alpha1

// Upstream is where attempts go: exactly one of service, endpoints and dns.
type Upstream struct {
	// Service is a Kubernetes Service, followed through its EndpointSlices.
	Service *ServiceUpstream `json:"service,omitempty"`
	// Endpoints are addresses written down, such as http://10.1.2.3:8080.
	Endpoints []string `json:"endpoints,omitempty" jsonschema:"minItems=1,uniqueItems=true,pattern=^https?://[^/?#@\\s]+$"`
	// DNS is a name whose addresses are the endpoints.
	DNS *DNSUpstream `json:"dns,omitempty"`
	// Protocol towards the endpoints: HTTP1, H2C, HTTPS, or H2 (TLS with ALPN). Default: HTTP1.
	Protocol Protocol `json:"protocol,omitempty" jsonschema:"enum=HTTP1,enum=H2C,enum=HTTPS,enum=H2,default=HTTP1"`
	// Host that the upstream sees: Preserve (the caller's), Upstream (the endpoint's own; for service and dns the name of that), or a name. Default: Preserve; for dns Upstream.
	Host string `json:"host,omitempty"`
	// Distinct says whether a further attempt must use another endpoint: Prefer, Require or Any. Default: Prefer.
	Distinct Distinct `json:"distinct,omitempty" jsonschema:"enum=Prefer,enum=Require,enum=Any,default=Prefer"`
	// ConnectTimeout is the longest that a connection may take to be there. Default: 1s.
	ConnectTimeout Duration `json:"connectTimeout,omitzero" jsonschema:"default=1s"`
	// TLS towards the endpoints, with the protocols HTTPS and H2.
	TLS *TLS `json:"tls,omitempty"`
}

// ServiceUpstream is a Kubernetes Service.
type ServiceUpstream struct {
	// Name of the Service.
	Name string `json:"name" jsonschema:"required,minLength=1"`
	// Namespace of the Service. Default: the policy's.
	Namespace string `json:"namespace,omitempty"`
	// Port of the Service, by name or number.
	Port Port `json:"port" jsonschema:"required"`
}

// DNSUpstream is a name whose addresses are the endpoints.
type DNSUpstream struct {
	// Name to look up.
	Name string `json:"name" jsonschema:"required,minLength=1"`
	// Port of every endpoint.
	Port int `json:"port" jsonschema:"required,minimum=1,maximum=65535"`
	// Refresh is the longest that a look-up is believed, if its records do not say less: 1s to 1h. Default: 30s.
	Refresh Duration `json:"refresh,omitzero" jsonschema:"default=30s"`
}

// Protocol is spoken towards the endpoints.
type Protocol string

// The protocols.
const (
	ProtocolHTTP1 Protocol = "HTTP1" // HTTP/1.1 in clear
	ProtocolH2C   Protocol = "H2C"   // HTTP/2 in clear, prior knowledge
	ProtocolHTTPS Protocol = "HTTPS" // HTTP/1.1 over TLS
	ProtocolH2    Protocol = "H2"    // HTTP/2 over TLS, by ALPN
)

// The words that host may have in place of a name.
const (
	HostPreserve = "Preserve" // the host that the caller asked for
	HostUpstream = "Upstream" // the endpoint's own
)

// Distinct says whether a further attempt must use another endpoint.
type Distinct string

// The words for distinct.
const (
	DistinctPrefer  Distinct = "Prefer"  // another one while there is one
	DistinctRequire Distinct = "Require" // another one or none
	DistinctAny     Distinct = "Any"     // it does not matter
)

// TLS towards the endpoints.
type TLS struct {
	// CAFile holds the PEM certificates that the upstream's must chain to. Absent: the system's.
	CAFile string `json:"caFile,omitempty"`
	// CertFile and keyFile hold the certificate that hedged shows, and its key.
	CertFile string `json:"certFile,omitempty"`
	// KeyFile holds the key of certFile.
	KeyFile string `json:"keyFile,omitempty"`
	// ServerName is the name that the upstream's certificate must have. Default: the host that the upstream sees.
	ServerName string `json:"serverName,omitempty"`
	// InsecureSkipVerify accepts any certificate of the upstream. Default: false.
	InsecureSkipVerify bool `json:"insecureSkipVerify,omitempty" jsonschema:"default=false"`
}
