// Package hedge is the engine: it carries out one call as several attempts,
// staggered in time, and returns the first result that is good enough.
//
// A call has a [Plan] and a deadline. [Do] launches the first attempt at once,
// further ones when their stagger runs out (a hedge) or when an earlier
// attempt fails (a retry), cancels whatever is still unanswered when an
// outcome is known, and accounts for every value and every attempt exactly
// once. Its laws are written in docs/ARCHITECTURE.md; laws_test.go has a test
// for each.
//
// The package knows time and attempts. It knows nothing of HTTP, of policies,
// or of how an endpoint is picked: all that is behind [Caller].
package hedge
