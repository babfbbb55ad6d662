// Package wire is what the words of HTTP mean to a hedged call: deadlines that
// callers send, the number of an attempt, an upstream's pushback, the headers
// that end at a hop, and hedged's own error documents.
//
// It works on names and values only and knows no HTTP library, so that every
// lane of the data plane carries the same meaning.
package wire

// Header is a set of header fields. This package names fields in their canonical
// form only (Content-Type), so that an implementation that stores them so, as
// net/http does, can look them up as they are. net/http's Header is one.
type Header interface {
	// Get returns the first value of a field, or "".
	Get(name string) string
	// Values returns every value of a field.
	Values(name string) []string
	// Set replaces every value of a field.
	Set(name, value string)
	// Add appends a value to a field.
	Add(name, value string)
	// Del removes a field.
	Del(name string)
}
