// Package hedge is the engine: it carries out one call as several attempts,
// staggered in time, and returns the first result that is good enough.
//
// A call has a [Plan] and a deadline. What is launched, suppressed, deferred, lost
// and won is decided by its [Race], a state machine without goroutine, clock or
// channel. [Do] and [DoInline] drive it on goroutines and a timer; the simulator and
// Shadow mode drive it in other ways. The laws that it keeps are written in
// docs/ARCHITECTURE.md; each is a test.
//
// The package knows time and attempts. It knows nothing of HTTP, of policies,
// or of how an endpoint is picked: all that is behind [Caller].
package hedge
