package breaker

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// pass lets virtual time go by.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // inside a synctest bubble
}

// settings are the policy's defaults.
func settings() Settings {
	return Settings{
		ConsecutiveFailures: 5, FailureRatio: 0.5, MinAttempts: 20,
		Window: 10 * time.Second, OpenFor: 10 * time.Second, HalfOpenAttempts: 1,
	}
}

// attempts lets n attempts through, each of which ends at once with the mark,
// and returns how many were let through.
func attempts(b *Breaker, m Mark, n int) (allowed int) {
	for range n {
		if p, ok := b.Allow(); ok {
			p.Done(m)
			allowed++
		}
	}
	return allowed
}

func want(t *testing.T, b *Breaker, s State) {
	t.Helper()
	if got := b.State(); got != s {
		t.Errorf("breaker is %v, want %v", got, s)
	}
}

func TestConsecutiveFailuresOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		attempts(b, Failure, 4)
		attempts(b, Success, 1)
		attempts(b, Failure, 4)
		want(t, b, Closed)
		attempts(b, Failure, 1)
		want(t, b, Open)
		if attempts(b, Success, 1) != 0 {
			t.Error("an open breaker let an attempt through")
		}
		if s := b.Status(); s.Opened != 1 || !s.OpenUntil.Equal(time.Now().Add(10*time.Second)) {
			t.Errorf("status is %+v", s)
		}
	})
}

func TestRatioOpensGivenEnoughAttempts(t *testing.T) {
	f := func(successes, failures int, s State) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			cfg := settings()
			cfg.ConsecutiveFailures = 0
			b := New(cfg)
			attempts(b, Success, successes)
			attempts(b, Failure, failures)
			want(t, b, s)
		})
	}
	f(0, 19, Closed) // too few
	f(0, 20, Open)
	f(10, 10, Open)
	f(11, 10, Closed)
	f(11, 11, Open)
}

func TestRuleOfZeroIsOff(t *testing.T) {
	b := New(Settings{MinAttempts: 1, Window: time.Second})
	attempts(b, Failure, 1000)
	want(t, b, Closed)
}

func TestOpenHalfOpenClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := settings()
		cfg.HalfOpenAttempts = 2
		b := New(cfg)
		attempts(b, Failure, 5)
		pass(10 * time.Second)
		want(t, b, Open) // to the end of it
		pass(1)
		want(t, b, HalfOpen)
		first, ok1 := b.Allow()
		second, ok2 := b.Allow()
		_, ok3 := b.Allow()
		if !ok1 || !ok2 || ok3 {
			t.Fatalf("probes allowed: %v %v %v, want two of them", ok1, ok2, ok3)
		}
		first.Done(Success)
		want(t, b, HalfOpen)
		second.Done(Success)
		want(t, b, Closed)
		attempts(b, Failure, 4)
		want(t, b, Closed)
	})
}

func TestFailedProbeOpensAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		attempts(b, Failure, 5)
		pass(10*time.Second + 1)
		attempts(b, Failure, 1)
		want(t, b, Open)
		if s := b.Status(); s.Opened != 2 {
			t.Errorf("opened %d times, want 2", s.Opened)
		}
	})
}

func TestWindowRollsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := settings()
		cfg.ConsecutiveFailures, cfg.MinAttempts = 0, 51
		b := New(cfg)
		attempts(b, Success, 100)
		pass(6 * time.Second)
		attempts(b, Failure, 50)
		want(t, b, Closed) // 50 of 150
		pass(5 * time.Second)
		attempts(b, Failure, 1) // the successes are out of the window, the failures are not
		want(t, b, Open)
	})
}

// An attempt may take longer than the window. gobreaker drops the end of one
// that it let through so long ago; here it counts when it ends.
func TestAttemptLongerThanTheWindowCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		var hanging []Permit
		for range 5 {
			p, _ := b.Allow()
			hanging = append(hanging, p)
		}
		pass(time.Minute)
		for _, p := range hanging {
			p.Done(Failure)
		}
		want(t, b, Open)
	})
}

func TestBypassCountsNoMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(settings())
		for range 100 {
			if p := b.Bypass(); !p.Done(Failure) {
				t.Error("a bypass could not be given back")
			}
		}
		want(t, b, Closed)
		if s := b.Status(); s.Bypassed != 100 || s.Failures != 0 {
			t.Errorf("status is %+v", s)
		}
	})
}

func TestPermitIsGivenBackOnce(t *testing.T) {
	b := New(settings())
	p, _ := b.Allow()
	copied := p
	if !p.Done(Success) || p.Done(Success) || copied.Done(Success) {
		t.Error("want true, false, false")
	}
	if (Permit{}).Done(Failure) {
		t.Error("the zero permit could be given back")
	}
	next, _ := b.Allow() // may use the record again: the stale copies must not give it back
	if p.Done(Failure) || copied.Done(Failure) {
		t.Error("a stale permit gave back another attempt's")
	}
	if !next.Done(Success) {
		t.Error("the next permit was gone")
	}
	if s := b.Status(); s.Successes != 2 || s.Failures != 0 {
		t.Errorf("status is %+v, want two successes", s)
	}
}

func TestAllowAllocatesNothingWhileClosed(t *testing.T) {
	b := New(settings())
	if n := testing.AllocsPerRun(1000, func() {
		_ = b.State()
		p, _ := b.Allow()
		p.Done(Neutral)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() {
		p, _ := b.Allow()
		p.Done(Success)
	}); n > 1 {
		t.Errorf("%v allocations with a mark, want 1: gobreaker's", n)
	}
}

func TestManyAtOnce(t *testing.T) {
	b := New(settings())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for k := range 2000 {
				if p, ok := b.Allow(); ok {
					p.Done(Mark((i + k) % 3))
				}
				b.State()
				if k%500 == 0 {
					s := settings()
					s.Window += time.Duration(i*k) * time.Millisecond
					b.Update(s)
					b.Status()
				}
			}
		})
	}
	all.Wait()
}

// Over any marks, steps of time and edits, a breaker that has half-open slots
// and no attempts out lets one through: it never wedges.
func TestNeverWedges(outer *testing.T) {
	rapid.Check(outer, func(t *rapid.T) {
		type step struct {
			what int
			mark Mark
			wait time.Duration
		}
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
			return step{
				what: rapid.IntRange(0, 4).Draw(t, "what"),
				mark: Mark(rapid.IntRange(0, 2).Draw(t, "mark")),
				wait: time.Duration(rapid.IntRange(0, 12_000).Draw(t, "ms")) * time.Millisecond,
			}
		}), 1, 80).Draw(t, "steps")
		wedged := false
		synctest.Test(outer, func(*testing.T) {
			cfg := settings()
			cfg.ConsecutiveFailures = 2
			b := New(cfg)
			var out []Permit
			for _, s := range steps {
				switch s.what {
				case 0, 1:
					if p, ok := b.Allow(); ok {
						out = append(out, p)
					}
				case 2:
					if len(out) > 0 {
						out[0].Done(s.mark)
						out = out[1:]
					}
				case 3:
					pass(s.wait)
				case 4:
					cfg.HalfOpenAttempts = uint32(s.wait.Seconds())
					b.Update(cfg)
				}
			}
			for _, p := range out {
				p.Done(Neutral)
			}
			pass(10*time.Second + 1)
			wedged = attempts(b, Success, 1) != 1
		})
		if wedged {
			t.Fatal("no attempt is let through")
		}
	})
}

func BenchmarkAllow(b *testing.B) {
	br := New(settings())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if br.State() != Open {
				p, _ := br.Allow()
				p.Done(Success)
			}
		}
	})
}
