// Package breaker is the circuit breaker of one endpoint.
//
// It is sony/gobreaker's two-step breaker over a rolling window with a third
// mark, neutral, for attempts whose end says nothing about the endpoint: lost to
// another attempt, given up by the client, rejected before anything was sent. A
// neutral mark counts neither way, and gives back the half-open slot that its
// attempt held.
//
// Picking an endpoint looks at State, which is two atomic loads while the
// breaker is closed; only the endpoint that was chosen is asked to Allow.
//
// It does not know what an attempt is, nor how an end became a mark. In
// particular it cannot see an endpoint that hangs and therefore always loses:
// such slowness is the business of the endpoint's score (package upstream).
package breaker
