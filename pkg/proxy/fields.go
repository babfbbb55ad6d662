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

// sheet is a header that is written: it holds the single values of the fields
// that hedged sets, so that each does not take an allocation of its own.
type sheet struct {
	fields
	values [8]string
	used   int
}

// Set implements wire.Header.
func (s *sheet) Set(name, value string) {
	if s.used == len(s.values) {
		s.fields.Set(name, value)
		return
	}
	s.values[s.used] = value
	s.fields[name] = s.values[s.used : s.used+1 : s.used+1]
	s.used++
}

// Add implements wire.Header.
func (s *sheet) Add(name, value string) {
	if len(s.fields[name]) == 0 {
		s.Set(name, value)
		return
	}
	s.fields.Add(name, value)
}
