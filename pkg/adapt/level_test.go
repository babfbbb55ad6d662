package adapt

import (
	"testing"
	"time"
)

// watched is a level with the ticks that its test has come to.
type watched struct {
	level
	now      time.Time
	deadline time.Duration
}

func watch() *watched { return &watched{now: epoch, deadline: time.Second} }

// see lets ticks of a median pass, and the median of a longer time.
func (w *watched) see(ticks int, median, usual time.Duration) {
	for range ticks {
		w.follow(median, usual, w.deadline, false, w.now)
		w.now = w.now.Add(tick)
	}
}

// usual is a level that has seen 10 ms for half a minute.
func usual() *watched {
	w := watch()
	w.see(300, 10*ms, 10*ms)
	return w
}

func TestASlowerMedianMovesWithinTwoTicks(t *testing.T) {
	f := func(median time.Duration, least, most float64) {
		t.Helper()
		w := usual()
		if w.moved() != 0 {
			t.Fatalf("a steady median has moved by %v", w.moved())
		}
		w.see(2, median, 10*ms)
		if w.moved() < least || w.moved() > most {
			t.Errorf("a median of %v has moved by %.2f after two ticks, want from %v to %v", median, w.moved(), least, most)
		}
	}
	f(10*ms, 0, 0)
	f(time.Duration(ratioCalm*10e6), 0, 0)
	f(20*ms, 0.5, 1)
	f(40*ms, 1, 1)
	f(5*ms, 0, 0) // a faster one is no trouble
}

// A move is forgotten within two time constants, and less surely from tick to tick.
func TestAMoveIsForgotten(t *testing.T) {
	w := usual()
	w.see(3, 100*ms, 10*ms)
	if w.moved() < 1 {
		t.Errorf("a median ten times as high has moved by %.2f", w.moved())
	}
	for range int(2 * movedFor / tick) {
		before := w.moved()
		w.see(1, 10*ms, 10*ms)
		if w.moved() > before {
			t.Fatalf("the move grew from %.2f to %.2f while the median was the usual one", before, w.moved())
		}
	}
	equal(t, "moved in the end", w.moved(), 0)
}

// Silence is time too: a move is over when it has passed, whether there were ticks or not.
func TestAMoveIsOverAfterSilence(t *testing.T) {
	w := usual()
	w.see(3, 100*ms, 10*ms)
	w.now = w.now.Add(time.Minute)
	w.see(2, 10*ms, 10*ms)
	if w.ratio > ratioMoved {
		w.see(3, 10*ms, 10*ms)
	}
	w.now = w.now.Add(2 * movedFor)
	w.see(1, 10*ms, 10*ms)
	equal(t, "moved", w.moved(), 0)
}

// One odd tick is smoothed over as far as halves go: a little slower is nothing.
func TestAHiccupOfOneTickIsSmoothed(t *testing.T) {
	w := usual()
	w.see(1, time.Duration(1.5*10e6), 10*ms)
	if w.moved() > 0.01 {
		t.Errorf("one tick of half as much again has moved by %.2f", w.moved())
	}
	w = usual()
	w.see(1, 100*ms, 10*ms)
	w.see(5, 10*ms, 10*ms)
	at := w.moved()
	w.see(int(2*movedFor/tick), 10*ms, 10*ms)
	if w.moved() > 0 {
		t.Errorf("one odd tick, of which %.2f was left, is not forgotten", at)
	}
}

// A median that stays is the new normal, even while what is slower than it was is far from
// the least of the last minute. One that goes on rising is not, and nor is the deadline.
func TestAMedianThatStaysIsTheNewNormal(t *testing.T) {
	w := usual()
	w.see(15, 30*ms, 30*ms)
	if w.moved() < 1 {
		t.Errorf("a second and a half at three times the median have moved by %.2f", w.moved())
	}
	w.see(45, 30*ms, 30*ms)
	if w.ratio > ratioCalm {
		t.Errorf("after six seconds the ratio is %.2f", w.ratio)
	}
	w.see(int(2*movedFor/tick), 30*ms, 30*ms)
	equal(t, "moved in the end", w.moved(), 0)

	w = usual()
	for median := 20 * ms; median < 900*ms; median = median * 11 / 10 {
		w.see(3, median, median) // rises by more than ratioCalm a second
	}
	if w.moved() < 1 {
		t.Errorf("a median that goes on rising has moved by %.2f", w.moved())
	}

	w = usual()
	w.see(200, w.deadline, w.deadline)
	if w.moved() < 1 || w.ratio < ratioMoved {
		t.Errorf("hardly any answer for 20 s has moved by %.2f", w.moved())
	}
}

// The least median is that of the last minute: after that an upstream that was faster once
// is no measure.
func TestTheLeastMedianIsOfTheLastMinute(t *testing.T) {
	w := usual()
	for range 14 { // rises too slowly to be new, too fast to be the same
		w.see(50, w.least[0]*11/10, w.least[0]*11/10)
	}
	w = usual()
	if got := w.lowest(50*ms, w.now.Add(movedFor/2)); got != 10*ms {
		t.Errorf("soon after, the least median is %v", got)
	}
	if got := w.lowest(50*ms, w.now.Add((slots+1)*movedFor)); got != 50*ms {
		t.Errorf("after a minute of silence, the least median is %v", got)
	}
	w = usual()
	w.see(int((slots+1)*movedFor/tick), 12*ms, 12*ms)
	if got := w.lowest(12*ms, w.now); got != 12*ms {
		t.Errorf("after a minute of 12 ms, the least median is %v", got)
	}
}

func TestNoMedianIsNoNews(t *testing.T) {
	w := usual()
	before := w.level
	w.see(10, 0, 10*ms)
	w.see(10, 10*ms, 0)
	if w.level != before {
		t.Errorf("without a median the level went from %+v to %+v", before, w.level)
	}
}
