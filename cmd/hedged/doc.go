// Command hedged runs hedged calls: `hedged serve` is the daemon, `hedged
// explain` and `hedged record` ask a running one, `hedged simulate` tries
// policies without one, `hedged demo` measures the daemon against flaky
// replicas, `hedged validate` checks policies.
//
// It turns flags, HEDGED_* variables and a file into options, signals into a
// context and errors into exit codes: 0 done, 1 failed, 2 wrong usage. What is
// done with the options is the packages' business.
package main
