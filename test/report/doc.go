// Command report runs `go test -json` with the arguments that it is given and
// prints what a person, or a CI system, wants to read of it: one line for
// each package as it ends, the output of what failed in full, the lines that a test
// logged which begin with "void: " (it passed, and a measurement of it shows nothing),
// and as the last line "N passed, N failed". It also holds coverage floors:
//
//	report -floor pkg/hedge=90 -- -cover ./... -- -C test/image ./...
//
// A second -- begins the arguments of one more run, which is counted with the first.
// It exits 1 if a test, a build or a floor failed. It does not know what the
// tests are about.
package main
