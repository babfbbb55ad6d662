package telemetry

import (
	"maps"
	"net/http"
	"slices"
)

// Header carries a trace in HTTP headers. It is propagation.HeaderCarrier
// without the cost of bringing the propagators' lower-case names into their
// canonical form for each look-up.
type Header http.Header

// Get returns the first value of a header, or "".
func (h Header) Get(name string) string {
	if values := h[canonical(name)]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values returns all values of a header.
func (h Header) Values(name string) []string { return h[canonical(name)] }

// Set replaces a header's values by one.
func (h Header) Set(name, value string) { h[canonical(name)] = []string{value} }

// Keys returns the names of the headers.
func (h Header) Keys() []string { return slices.Collect(maps.Keys(h)) }

// canonical returns a name as http.Header has it.
func canonical(name string) string {
	switch name {
	case "traceparent":
		return "Traceparent"
	case "tracestate":
		return "Tracestate"
	case "baggage":
		return "Baggage"
	}
	return http.CanonicalHeaderKey(name)
}
