// Package goals holds the controller to its goals, by simulation: the figures of
// docs/study.md, over seeds that its constants were not tuned on.
//
// A run is arithmetic on one goroutine and millions of calls long, so these tests are
// run without the race detector, which would follow each of them at a twentieth of
// the speed and find nothing; pkg/sim's own tests, which are short, run under it. They
// have the build tag !race, by which `make test` leaves them out, and `make long` runs
// them.
package goals
