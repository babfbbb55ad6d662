//go:build !race

package sim

import "testing"

// The same as in the tests whose names these have, over more calls, which leaves less to
// chance. Each run is on one goroutine: the race detector has nothing to find in it, and
// takes twenty times as long.

func TestLongIndependentLoss(t *testing.T) {
	t.Parallel()
	independentLoss(t, 100_000)
}

func TestLongOneServerQueue(t *testing.T) {
	t.Parallel()
	oneServerQueue(t, 200_000, 0.6, 8)
}

func TestLongNaiveRetriesNeverRecover(t *testing.T) {
	t.Parallel()
	naiveRetriesNeverRecover(t, scenario(t, "metastable-50"), 25_000)
}

func TestLongTheSameSeedGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	theSameSeedGivesTheSameBytes(t, 1000)
}

func TestLongEveryBuiltinRuns(t *testing.T) {
	t.Parallel()
	everyBuiltinRuns(t, 400)
}

func TestLongBestStaticKeepsTheBudget(t *testing.T) {
	t.Parallel()
	bestStaticKeepsTheBudget(t, 10_000)
}

func TestLongRecordingGivesBackItsUpstream(t *testing.T) {
	t.Parallel()
	recordingGivesBackItsUpstream(t, 30_000, 10, 14, 1)
}
