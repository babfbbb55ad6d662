// Package adapt is the controller: it learns from attempts and makes plans of what
// it learned.
//
// The request path reads a plan with one atomic load and reports the end of each
// attempt with one or two atomic additions. In the background a tick takes these
// counts up and publishes the next plan:
//
//	recorder  counts of ends, by trigger, kind and bucket        (recorder.go, buckets.go)
//	window    the last second and the last 20 of first attempts  (window.go)
//	curve     P(answered by t), P(failed explicitly by t)        (curve.go)
//	regime    is the last second unlike the last 20?             (regime.go)
//	further   how do further attempts do beside first ones?      (further.go)
//	gate      does the upstream queue, does hedging help at all? (gate.go)
//	allowance what the budget pays for                           (allowance.go)
//	search    the hedges that are worth their load               (grid.go, search.go)
//	insure    late hedges, for what was not foreseen             (insure.go)
//	Plan      gaps, retries, and the reason in words and figures (decide.go, plan.go, reason.go)
//
// Attempts that were cancelled because another one won are known only to take
// longer than they lived. They are censored samples: the curves are estimated with
// Kaplan and Meier's product limit, in the form for competing risks
// (Aalen–Johansen: success and explicit failure), so that hedging does not bias
// what it is timed by. Only first attempts feed the curves, since a further one
// starts when the upstream has already shown itself slow; what a further one is
// worth is measured apart, as a factor on the hazard of success.
//
// A plan with a stagger in mode Auto is the least load that answers the target's
// share of calls by the deadline (Kaler, He, Elnikety, "Optimal Reissue Policies",
// SPAA 2017, with any number of hedges, of which the last is sent in a share of
// calls), or the best that the budget pays for. What is left of the budget buys a
// shorter tail where that is worth it.
//
// It does not know endpoints, requests or clocks: time comes in as arguments.
package adapt
