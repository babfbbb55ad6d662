// Package adapt is the controller: it learns from attempts and makes plans of what
// it learned. docs/controller.md describes it for those who operate hedged.
//
// The request path reads a plan with one atomic load and reports the end of each
// attempt with one or two atomic additions. In the background a tick takes these
// counts up and publishes the next plan:
//
//	recorder counts of ends, by trigger, kind and bucket         (recorder.go, buckets.go)
//	window   the last second and the last 20 of first attempts   (window.go)
//	curve    P(answered by t), P(failed explicitly by t)         (curve.go)
//	level    has the median moved lately?                        (level.go)
//	evidence do further attempts do as well as first ones?       (evidence.go)
//	money    what the budget pays for beyond what losses need    (money.go)
//	view     all of this, how far hedging is left alone, the pace (view.go)
//	search   the schedule that leaves calls the least slow       (search.go)
//	Plan     gaps, share, and the reason in words and figures    (decide.go, plan.go, reason.go)
//
// Attempts that were cancelled because another one won are known only to take
// longer than they lived. They are censored samples: the curve is estimated with
// Kaplan and Meier's product limit, in the form for competing risks
// (Aalen–Johansen: success and explicit failure), so that hedging does not bias
// what it is timed by. Only first attempts feed the curve, since a further one
// starts when the upstream has already shown itself slow. What a further one is
// worth is measured apart: its successes divided by those that first attempts of
// the same age would have had.
//
// A plan with a stagger in mode Auto is the first hedge's instant, and equal gaps
// behind it, that leave calls the least slow for what early hedges may cost. Hedging
// is narrowed only when two things come together: the median has moved lately, and
// hedges do worse than first attempts of their age. Either alone has harmless causes.
//
// It does not know endpoints, requests or clocks: time comes in as arguments.
package adapt
