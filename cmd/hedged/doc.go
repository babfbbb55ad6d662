// Command hedged runs hedged calls: `hedged serve` is the daemon, `hedged
// demo` measures it against flaky replicas, `hedged validate` checks policies.
//
// It turns flags, HEDGED_* variables and a file into options, signals into a
// context and errors into exit codes: 0 done, 1 failed, 2 wrong usage. What is
// done with the options is the packages' business.
package main
