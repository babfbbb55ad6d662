// Package budget bounds further attempts to a share of calls.
//
// Calls earn tokens and each further attempt, hedge or retry alike, takes one.
// In a slot of a second or more a budget earns the larger of percent × calls and
// minPerSecond × the slot's length, so that a quiet upstream can hedge too. What
// is not taken is kept in stock, up to what a minute earns. A slot ends with the
// first take, update or look at the status that comes a second or more after its
// beginning: counting a call never reads the clock.
//
// It does not know why an attempt is due, nor what a refusal does to the call:
// by law 5 of the engine a refusal only ever suppresses further attempts.
package budget
