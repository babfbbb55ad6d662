package record_test

import (
	"sync"
	"testing"
	"testing/synctest"

	"hedged.dev/hedged/pkg/record"
)

// numbers drains a subscription that has ended.
func numbers(s *record.Subscription) (calls []uint64) {
	for a := range s.C() {
		calls = append(calls, a.Call)
	}
	return calls
}

func TestLog(t *testing.T) {
	var l record.Log
	if l.Active() || (*record.Log)(nil).Active() {
		t.Error("active without a listener")
	}
	l.Add(record.Attempt{Call: 1})
	one, two := l.Subscribe(10), l.Subscribe(1)
	l.Add(record.Attempt{Call: 2})
	l.Add(record.Attempt{Call: 3})
	two.Close()
	two.Close()
	if !l.Active() {
		t.Error("not active although one still listens")
	}
	l.Add(record.Attempt{Call: 4})
	l.Close()
	one.Close() // after the log
	if l.Active() {
		t.Error("active after its end")
	}
	l.Add(record.Attempt{Call: 5})

	if got := numbers(one); len(got) != 3 || got[0] != 2 || got[2] != 4 {
		t.Errorf("the first listener got %v, want 2, 3, 4", got)
	}
	if got := numbers(two); len(got) != 1 || got[0] != 2 {
		t.Errorf("the second got %v, want 2 alone", got)
	}
	if one.Dropped() != 0 || two.Dropped() != 1 || l.Dropped() != 1 {
		t.Errorf("dropped: %d, %d, in all %d; want 0, 1, 1", one.Dropped(), two.Dropped(), l.Dropped())
	}
	if late := l.Subscribe(1); numbers(late) != nil {
		t.Error("a listener after the end got something")
	}
}

// TestLogLastListenerGone: calls stop making attempts for nobody.
func TestLogLastListenerGone(t *testing.T) {
	var l record.Log
	s := l.Subscribe(1)
	s.Close()
	if l.Active() {
		t.Error("active although nobody listens")
	}
}

// TestLogNeverBlocks: adding ends although no listener ever reads.
func TestLogNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l record.Log
		s := l.Subscribe(0)
		done := false
		go func() {
			for range 100 {
				l.Add(record.Attempt{})
			}
			done = true
		}()
		synctest.Wait()
		if !done || s.Dropped() != 100 {
			t.Errorf("done: %v, dropped %d of 100", done, s.Dropped())
		}
	})
}

// TestLogWithListenersComingAndGoing is for the race detector, and counts: what
// is added is received, or counted as dropped, or later than the listener.
func TestLogWithListenersComingAndGoing(t *testing.T) {
	const adders, each = 4, 2000
	var l record.Log
	stays := l.Subscribe(100)
	received := make(chan int)
	go func() { received <- len(numbers(stays)) }()

	var all sync.WaitGroup
	for range adders {
		all.Go(func() {
			for range each {
				l.Add(record.Attempt{})
			}
		})
	}
	for range 4 {
		all.Go(func() {
			for range 200 {
				s := l.Subscribe(1)
				s.Close()
			}
		})
	}
	all.Wait()
	l.Close()
	if n := uint64(<-received); n+stays.Dropped() != adders*each {
		t.Errorf("%d received and %d dropped of %d", n, stays.Dropped(), adders*each)
	}
}

func TestActiveAllocatesNothing(t *testing.T) {
	var l record.Log
	s := l.Subscribe(2000)
	defer s.Close()
	if n := testing.AllocsPerRun(1000, func() {
		if l.Active() {
			l.Add(attempt)
		}
	}); n != 0 {
		t.Errorf("%g allocations an attempt", n)
	}
}
