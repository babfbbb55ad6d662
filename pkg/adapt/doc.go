// Package adapt learns from attempts and makes plans of what it learned.
//
// The request path reads a plan with one atomic load and reports the end of each
// attempt with one atomic addition. In the background a tick takes these counts
// up into curves that forget exponentially, reads the policy's stagger from them
// and publishes the next plan.
//
// Attempts that were cancelled because another one won are known only to take
// longer than they lived. They are censored samples: the curves are estimated
// with Kaplan and Meier's product limit, in the form for competing risks
// (Aalen–Johansen: success and explicit failure), so that hedging does not bias
// what it is timed by. Only first attempts feed the curves, since a further one
// starts when the upstream has already shown itself slow.
//
// It does not know endpoints, requests or clocks: time comes in as arguments.
package adapt
