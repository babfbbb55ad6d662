package hedge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"hedged.dev/hedged/pkg/hedge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

var errBroken = errors.New("broken")

// try is what one attempt of a script does.
type try struct {
	takes   time.Duration
	verdict hedge.Verdict
	empty   bool          // no value
	deaf    time.Duration // goes on for so long after its context is cancelled
	wait    time.Duration // pushback
	refuse  hedge.Reason  // Admit says so
	held    int           // times that Admit says Draw, first of all
	unsent  bool          // nothing of the request left
}

// script is a Caller that plays tries in order of launch and keeps the books.
type script struct {
	tries []try

	mu        sync.Mutex
	begun     time.Time
	launched  []time.Duration
	asked     []hedge.Ask
	ends      []hedge.Attempt
	held      map[int]int // attempt → times that Admit said Draw
	values    map[int]int // attempt → values given out
	discarded map[int]int // attempt → values discarded
	contexts  []context.Context
	finished  int
}

func play(tries ...try) *script {
	return &script{tries: tries, begun: time.Now(), held: map[int]int{}, values: map[int]int{}, discarded: map[int]int{}}
}

func (s *script) Admit(a hedge.Ask) hedge.Reason {
	n := a.Number
	s.asked = append(s.asked, a)
	t := s.tries[min(n, len(s.tries))-1]
	if s.held[n] < t.held {
		s.held[n]++
		return hedge.Draw
	}
	return t.refuse
}

func (s *script) Run(ctx context.Context, n int) hedge.Result[int] {
	t := s.tries[min(n, len(s.tries))-1]
	s.mu.Lock()
	s.launched = append(s.launched, time.Since(s.begun))
	s.contexts = append(s.contexts, ctx)
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.finished++; s.mu.Unlock() }()
	select {
	case <-time.After(t.takes):
	case <-ctx.Done():
		<-time.After(t.deaf)
		if t.deaf == 0 {
			return hedge.Result[int]{Verdict: hedge.NonFatal, Err: context.Cause(ctx)}
		}
	}
	r := hedge.Result[int]{Verdict: t.verdict, Wait: t.wait, Unsent: t.unsent}
	if t.verdict != hedge.Accepted {
		r.Err = errBroken
	}
	if !t.empty {
		r.Value, r.HasValue = n, true
		s.mu.Lock()
		s.values[n]++
		s.mu.Unlock()
	}
	return r
}

func (s *script) Ended(a hedge.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends = append(s.ends, a)
}

func (s *script) Discard(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discarded[n]++
}

// end is how attempt n ended.
func (s *script) end(t testing.TB, n int) hedge.Attempt {
	t.Helper()
	i := slices.IndexFunc(s.ends, func(a hedge.Attempt) bool { return a.Number == n })
	if i < 0 {
		t.Fatalf("attempt %d has no end; ends: %+v", n, s.ends)
	}
	return s.ends[i]
}

// balance checks laws 1 and 2 after everything has come to rest: each value
// was returned or discarded once, each launched attempt ended once, each
// context is cancelled once the outcome is released, every Run has returned.
func (s *script) balance(o hedge.Outcome[int]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ends) != o.Launched || len(s.launched) != o.Launched || s.finished != o.Launched {
		return fmt.Errorf("launched %d, run %d, ended %d, finished %d", o.Launched, len(s.launched), len(s.ends), s.finished)
	}
	for n, given := range s.values {
		kept := 0
		if o.HasValue && o.Value == n {
			kept = 1
		}
		if s.discarded[n]+kept != given {
			return fmt.Errorf("attempt %d gave %d values: %d returned, %d discarded", n, given, kept, s.discarded[n])
		}
	}
	for n := range s.discarded {
		if s.values[n] == 0 {
			return fmt.Errorf("attempt %d: discarded a value that it never gave", n)
		}
	}
	for i, ctx := range s.contexts {
		if ctx.Err() == nil {
			return fmt.Errorf("context of run %d is not cancelled", i+1)
		}
	}
	return nil
}

// do is Do or DoInline.
type do func(context.Context, *hedge.Plan, time.Time, hedge.Caller[int]) hedge.Outcome[int]

// both runs a test on virtual time for Do and for DoInline.
func both(t *testing.T, f func(t *testing.T, do do)) {
	t.Helper()
	for name, d := range map[string]do{"Do": hedge.Do[int], "DoInline": hedge.DoInline[int]} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f(t, d) })
		})
	}
}

// gaps is a plan with a fan-out and equal gaps.
func gaps(fanOut int, gap time.Duration) *hedge.Plan {
	p := &hedge.Plan{FanOut: fanOut}
	for i := range p.Gaps {
		p.Gaps[i] = gap
	}
	return p
}

func in(d time.Duration) time.Time { return time.Now().Add(d) }
