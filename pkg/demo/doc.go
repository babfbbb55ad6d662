// Package demo shows on one machine what hedging buys and what it costs: it
// runs replicas on real listeners, a daemon in front of them, and the same
// open-loop load through one strategy after another, and compares them in a
// table, plots and JSON. It looks at the champion's plan meanwhile, and shows how
// that changes.
//
// What the replicas are like is a scenario: random peaks of each, rare slow
// answers, a brown-out of replicas with few slots, losses that come and go.
//
// Every strategy is a policy of the one daemon, meets the same troubles, and is
// called at the same instants; a call's fate at a replica is drawn from the
// seed, the replica and the call, not from the clock. So what differs between
// two rows of the table is the strategy.
//
// Play is the other demo: it plays the simulator's scenarios on sockets, and prints
// beside what came of each strategy what the simulator computes for the same calls.
//
// It does not know how a call is hedged: it writes policies, sends calls, counts
// what arrives at the replicas, and asks the daemon for its plans.
package demo
