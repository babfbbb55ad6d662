package proxy

import "net/http"

// fields is a header whose names are given in canonical form, as package wire
// does: looking one up then costs no more than the map does. http.Header's own
// methods would check each name letter by letter.
type fields http.Header

// Get implements wire.Header.
func (f fields) Get(name string) string {
	if values := f[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Values implements wire.Header.
func (f fields) Values(name string) []string { return f[name] }

// Set implements wire.Header.
func (f fields) Set(name, value string) { f[name] = []string{value} }

// Add implements wire.Header.
func (f fields) Add(name, value string) { f[name] = append(f[name], value) }

// Del implements wire.Header.
func (f fields) Del(name string) { delete(f, name) }
