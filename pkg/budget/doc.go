// Package budget bounds further attempts to a share of calls.
//
// Calls earn tokens and each further attempt, hedge or retry alike, takes one.
// In a slot of a minute or more a budget earns the larger of percent × calls and
// minPerSecond × the slot's length, so that a quiet upstream can hedge too. What
// is not taken is kept in stock, up to what a minute earns. A slot ends with the
// first take, update or look at the status that comes a minute or more after its
// beginning. Within a slot the bound is exact, on every interleaving: what is taken
// is at most what was in stock and max(percent × calls, minPerSecond × elapsed).
// A pace, which the controller sets, bounds how fast the stock may be spent.
//
// It does not know clocks (time comes in as arguments), why an attempt is
// due, nor what a refusal does to the call:
// by law 5 of the engine a refusal only ever suppresses further attempts.
package budget
