// Package v1alpha1 is the HedgePolicy document as users write it: Go types with
// the names of the document, and the JSON schema made from them.
//
// It marshals and unmarshals and does nothing else. It knows no defaults, no
// rules that a value has to obey and no meaning of a field: those are in package
// policy. A value that Unmarshal leaves at its zero value was absent or null.
package v1alpha1

//go:generate go test -run TestSchema . -update

// APIVersion and Kind are what a document of this package says that it is.
const (
	APIVersion = "hedged.dev/v1alpha1"
	Kind       = "HedgePolicy"
)
