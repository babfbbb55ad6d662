package discovery

import (
	"errors"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// stage is what a watcher looks at.
type stage struct {
	mu    sync.Mutex
	set   Set
	known bool
}

func (s *stage) look() (Set, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set, s.known
}

func (s *stage) show(set Set) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set, s.known = set, true
}

func of(addresses ...string) (s Set) {
	for _, a := range addresses {
		s.Endpoints = append(s.Endpoints, Endpoint{Address: a})
	}
	return s
}

func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // inside a synctest bubble
	synctest.Wait()
}

func TestAdditionsAreToldTogetherAndRemovalsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := &stage{}, newDiary()
		w := &watcher{look: s.look, update: d.update}
		told := func(n int, want string) {
			t.Helper()
			if last, got, _ := d.last(); got != n || addresses(last) != want {
				t.Errorf("told %d times, the last %q; want %d times, %q", got, addresses(last), n, want)
			}
		}
		show := func(set Set) { s.show(set); w.changed() }

		w.changed()
		told(0, "") // nothing is known
		show(of("a"))
		told(1, "a")
		w.changed()
		pass(time.Second)
		told(1, "a") // nothing has changed
		show(of("a", "b"))
		pass(20 * time.Millisecond)
		show(of("a", "b", "c"))
		told(1, "a")
		pass(5 * time.Millisecond)
		told(2, "a b c")
		show(of("a", "b", "c", "d"))
		show(of("b", "c", "d"))
		told(3, "b c d") // what goes takes along what has come
		pass(time.Second)
		told(3, "b c d")
		show(Set{Problem: errors.New("away"), Endpoints: of("b", "c", "d").Endpoints})
		told(4, "b c d")
		show(of("b", "c", "d", "e"))
		told(5, "b c d e") // no problem any more
		show(Set{NotFound: true, Problem: errors.New("gone")})
		told(6, "")
		show(of("x"))
		w.stop()
		w.changed()
		pass(time.Second)
		told(7, "x")
		show(of("y"))
		told(7, "x")
	})
}

func TestWhatComesAndGoesWithinABurstIsNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := &stage{}, newDiary()
		w := &watcher{look: s.look, update: d.update}
		for _, set := range []Set{of("a"), of("a", "b"), of("a")} {
			s.show(set)
			w.changed()
		}
		pass(time.Second)
		if _, n, _ := d.last(); n != 1 {
			t.Errorf("told %d times", n)
		}
		s.show(of("a", "c"))
		w.changed()
		w.stop()
		pass(time.Second)
		if _, n, _ := d.last(); n != 1 {
			t.Errorf("told %d times after its end", n)
		}
	})
}

// Whoever announces changes: update runs one at a time, and never after stop.
func TestUpdateIsCalledOneAtATimeAndNeverAfterStop(t *testing.T) {
	var s stage
	var inside, calls atomic.Int64
	var stopped atomic.Bool
	w := &watcher{look: s.look, update: func(Set) {
		if inside.Add(1) > 1 {
			t.Error("two calls at a time")
		}
		if stopped.Load() {
			t.Error("a call after stop")
		}
		runtime.Gosched()
		calls.Add(1)
		inside.Add(-1)
	}}
	var announcers sync.WaitGroup
	for i := range 8 {
		announcers.Go(func() {
			for k, left := 0, 100; left > 0; k++ {
				s.show(of(strconv.Itoa(i), strconv.Itoa(k)))
				w.changed()
				if stopped.Load() {
					left--
				}
			}
		})
	}
	for calls.Load() < 100 {
		runtime.Gosched()
	}
	w.stop()
	stopped.Store(true)
	announcers.Wait()
}

func TestAudience(t *testing.T) {
	var a audience[string]
	heard := map[string]int{}
	listen := func(who string) *watcher {
		n := 0
		return &watcher{look: func() (Set, bool) { n++; return of(string(rune('0' + n))), true }, update: func(Set) { heard[who]++ }}
	}
	x, y, z := listen("x"), listen("y"), listen("z")
	a.add("shop", x)
	a.add("shop", y)
	a.add("garden", z)
	a.changed("shop")
	a.all()
	a.changed("nobody")
	a.remove("shop", x)
	a.changed("shop")
	if heard["x"] != 2 || heard["y"] != 3 || heard["z"] != 1 {
		t.Error(heard)
	}
	a.remove("shop", y)
	a.remove("garden", z)
	if len(a.of) != 0 {
		t.Errorf("%v are left", a.of)
	}
}
