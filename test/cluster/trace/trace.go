package trace

import (
	"slices"
	"time"
)

// Trace is the spans of one trace id, in order of their start.
type Trace struct {
	ID    string // 32 hexadecimal digits
	Spans []Span
}

// Span is one span.
type Span struct {
	ID, Parent        string // 16 hexadecimal digits; Parent is "" at the root
	Service, Instance string // of its resource: service.name, service.instance.id
	Name              string
	Kind              Kind
	Start, End        time.Time
	Error             bool   // its status is Error
	Description       string // what its status says
	Attributes        Attributes
	Events            []string // their names
}

// Kind is a span's kind, by OTLP's number.
type Kind int

// The kinds.
const (
	Internal Kind = 1
	Server   Kind = 2
	Client   Kind = 3
	Producer Kind = 4
	Consumer Kind = 5
)

func (k Kind) String() string {
	if k < Internal || k > Consumer {
		return "UNSPECIFIED"
	}
	return [...]string{"INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"}[k-Internal]
}

// Took is how long the span lasted.
func (s *Span) Took() time.Duration { return s.End.Sub(s.Start) }

// Attributes are a span's, by key: strings, bools, int64s, float64s, and slices of
// any of these.
type Attributes map[string]any

// Text returns an attribute that is a string; "" is none.
func (a Attributes) Text(key string) string {
	s, _ := a[key].(string)
	return s
}

// Int returns an attribute that is a whole number; 0 is none.
func (a Attributes) Int(key string) int {
	n, _ := a[key].(int64)
	return int(n)
}

// Texts returns an attribute that is a list of strings.
func (a Attributes) Texts(key string) []string {
	var all []string
	list, _ := a[key].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// Has reports whether there is such an attribute.
func (a Attributes) Has(key string) bool {
	_, ok := a[key]
	return ok
}

// children returns the spans beneath a span, in order of their start.
func (t *Trace) children(parent string) []*Span {
	var all []*Span
	for i := range t.Spans {
		if t.Spans[i].Parent == parent {
			all = append(all, &t.Spans[i])
		}
	}
	return all
}

func (t *Trace) sort() {
	slices.SortStableFunc(t.Spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
}
