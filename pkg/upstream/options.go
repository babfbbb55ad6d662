package upstream

import "hedged.dev/hedged/pkg/breaker"

// Distinct says whether a further attempt must go to an endpoint that the call
// has not used yet.
type Distinct uint8

// The choices. The zero value is Prefer.
const (
	Prefer  Distinct = iota // to another one while one admits, else to a used one again
	Require                 // to another one, or not at all
	Any                     // to any, used or not
)

func (d Distinct) String() string { return [...]string{"Prefer", "Require", "Any"}[d] }

// Options are what a group decides for itself.
type Options struct {
	Distinct Distinct
	// Unguarded passes attempts by the breakers, whatever their state.
	Unguarded bool
	Breaker   breaker.Settings // of each endpoint's breaker
	// Near are the endpoints that a call's first attempt prefers, while one of them
	// admits and is not sick. Further attempts do not care: what is near may fail
	// together.
	Near map[Key]bool
}
