package upstream

import "cmp"

// Protocol is what is spoken to an endpoint.
type Protocol string

// The protocols.
const (
	HTTP1 Protocol = "HTTP1" // HTTP/1.1 in clear text
	H2C   Protocol = "H2C"   // HTTP/2 in clear text, with prior knowledge
	HTTPS Protocol = "HTTPS" // HTTP/1.1 over TLS
	H2    Protocol = "H2"    // HTTP/2 over TLS, by ALPN
)

// TLS says how an endpoint's certificate is judged and which one is shown to it.
// The zero value trusts the system's roots and shows none.
type TLS struct {
	CAFile, CertFile, KeyFile, ServerName string
	InsecureSkipVerify                    bool
}

// Key identifies an endpoint: what has the same key shares connections and state.
type Key struct {
	Address  string // host:port
	Protocol Protocol
	TLS      TLS
}

// compare orders keys by address, then protocol, then the rest.
func (k Key) compare(o Key) int {
	return cmp.Or(
		cmp.Compare(k.Address, o.Address),
		cmp.Compare(k.Protocol, o.Protocol),
		cmp.Compare(k.TLS.ServerName, o.TLS.ServerName),
		cmp.Compare(k.TLS.CAFile, o.TLS.CAFile),
		cmp.Compare(k.TLS.CertFile, o.TLS.CertFile),
		cmp.Compare(k.TLS.KeyFile, o.TLS.KeyFile),
		cmp.Compare(k.TLS.rank(), o.TLS.rank()),
	)
}

// rank puts what is verified first.
func (t TLS) rank() int {
	if t.InsecureSkipVerify {
		return 1
	}
	return 0
}
