package sim

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAgendaGivesEventsInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a agenda
		var left []event // in the order of entry
		now := int64(0)
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			if len(left) > 0 && rapid.IntRange(0, 2).Draw(t, "take") == 0 {
				first := 0
				for i := range left {
					if left[i].at < left[first].at {
						first = i
					}
				}
				if a.next() != left[first].at {
					t.Fatalf("next is %d, want %d", a.next(), left[first].at)
				}
				got := a.take()
				if got.who != left[first].who {
					t.Fatalf("got %+v, want %+v", got, left[first])
				}
				now, left = got.at, slices.Delete(left, first, first+1)
				continue
			}
			e := event{at: now + int64(rapid.IntRange(0, 9).Draw(t, "at")), who: attemptID{call: int32(len(left)), life: rapid.Uint32().Draw(t, "life")}}
			a.add(e)
			left = append(left, e)
		}
		if len(left) == 0 && a.next() != never {
			t.Fatal("an empty agenda has a next event")
		}
	})
}

func TestLineForgetsWhatWasTaken(t *testing.T) {
	var l line
	for i := range int64(100_000) {
		l.add(expiry{at: i, call: int32(i)})
		if i >= 10 {
			if e := l.take(); e.at != i-10 || l.next() != i-9 {
				t.Fatalf("took %+v at %d", e, i)
			}
		}
	}
	if cap(l.entries) > 5000 {
		t.Errorf("a line of ten has grown to %d", cap(l.entries))
	}
}
