// Package load sends calls at a steady rate, whatever becomes of earlier ones, to
// one or several targets at the same instants, and keeps each failure with its time
// and its cause.
//
// It knows no hedging and no Kubernetes: a target is an address, as a client of it
// sees it.
package load
