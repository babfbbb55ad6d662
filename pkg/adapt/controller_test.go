package adapt

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

var epoch = time.Unix(1_700_000_000, 0)

// settings hedge at the 90 % point.
func settings() Settings {
	return Settings{
		Deadline: 300 * time.Millisecond, FanOut: 3,
		Mode: Quantile, Quantile: 0.9, Min: time.Millisecond, Max: 200 * time.Millisecond, Initial: 120 * time.Millisecond,
	}
}

// purse is a budget that is not what a test is about.
func purse() *budget.Budget {
	return budget.New(budget.Settings{Percent: 100, MinPerSecond: 1000}, epoch)
}

// answer observes n first attempts, evenly from 1 ms to the longest.
func answer(l *Controller, n int, longest time.Duration) {
	for i := range n {
		l.Observe(hedge.Initial, Success, time.Duration(i+1)*longest/time.Duration(n))
	}
}

func TestFixedStaggerIsTheGapBetweenAll(t *testing.T) {
	l := New(Settings{Deadline: time.Second, AttemptTimeout: 400 * time.Millisecond, FanOut: 4, Fixed: 20 * time.Millisecond}, purse())
	p := l.Plan()
	want := hedge.Plan{FanOut: 4, Most: 4, AttemptTimeout: 400 * time.Millisecond}
	for i := range want.Gaps {
		want.Gaps[i] = hedge.Never
		if i < 3 {
			want.Gaps[i] = 20 * time.Millisecond
		}
	}
	if p.Plan != want {
		t.Errorf("plan is %+v, want %+v", p.Plan, want)
	}
	if p.Reason != "Hedging after 20ms, 40ms and 60ms: the policy says so." {
		t.Errorf("reason is %q", p.Reason)
	}
	if p.FairWait != 500*time.Millisecond {
		t.Errorf("fair wait is %v, want half the deadline", p.FairWait)
	}
	answer(l, 1000, 100*time.Millisecond)
	if !l.Tick(epoch) {
		t.Error("what was learned changes nothing")
	}
	p = l.Plan()
	if p.Gaps != want.Gaps {
		t.Errorf("gaps moved to %v", p.Gaps)
	}
	near(t, "fair wait", p.FairWait, 150*time.Millisecond, 0.02)
	near(t, "least remaining", p.LeastRemaining, 5*time.Millisecond, 0.02)
}

func TestFanOutIsHeldWithinTheEngines(t *testing.T) {
	f := func(fanOut, want int) {
		t.Helper()
		if got := New(Settings{Deadline: time.Second, FanOut: fanOut}, purse()).Plan().FanOut; got != want {
			t.Errorf("fan-out %d makes a plan of %d, want %d", fanOut, got, want)
		}
	}
	f(0, 1)
	f(1, 1)
	f(3, 3)
	f(hedge.MaxFanOut+1, hedge.MaxFanOut)
	if got := New(Settings{FanOut: 1}, purse()).Plan().Reason; got != "No further attempts: the fan-out is 1." {
		t.Errorf("reason is %q", got)
	}
}

func TestQuantileWaitsForEnoughFirstAttempts(t *testing.T) {
	l := New(settings(), purse())
	answer(l, enough-1, 50*time.Millisecond)
	for range 1000 {
		l.Observe(hedge.Stagger, Success, 50*time.Millisecond) // further ones do not count
	}
	l.Tick(epoch)
	p := l.Plan()
	if p.Learned || p.Stagger != 120*time.Millisecond || p.LeastRemaining != 0 || p.FairWait != 150*time.Millisecond {
		t.Errorf("after one too few the plan is %+v", p)
	}
	for _, want := range []string{"Hedging after 120ms", fmt.Sprintf("until %d first attempts", enough), fmt.Sprintf("(%d so far)", enough-1)} {
		if !strings.Contains(p.Reason, want) {
			t.Errorf("reason is %q, want %q in it", p.Reason, want)
		}
	}
	l.Observe(hedge.Initial, Success, 50*time.Millisecond)
	if !l.Tick(epoch.Add(time.Second)) {
		t.Error("the last of enough changes nothing")
	}
	p = l.Plan()
	near(t, "stagger", p.Stagger, 45*time.Millisecond, 0.12) // of twenty
	if !p.Learned || p.Gaps[0] != p.Stagger || p.Gaps[1] != p.Stagger || p.Gaps[2] != hedge.Never {
		t.Errorf("after enough the plan is %+v", p)
	}
	if !strings.Contains(p.Reason, "90 % of answers have come by then") {
		t.Errorf("reason is %q", p.Reason)
	}
}

func TestInitialIsAPartOfTheDeadlineWhenAbsent(t *testing.T) {
	s := settings()
	s.Initial = 0
	if got := New(s, purse()).Plan().Stagger; got != InitialStagger(s.Deadline) || got <= 0 || got > s.Deadline/2 {
		t.Errorf("stagger is %v", got)
	}
}

// An upstream that never answers teaches nothing about how long answers take.
func TestNoAnswerIsNothingLearned(t *testing.T) {
	l := New(settings(), purse())
	for range 1000 {
		l.Observe(hedge.Initial, Failure, time.Millisecond)
		l.Observe(hedge.Initial, Censored, 300*time.Millisecond)
	}
	l.Tick(epoch)
	if p := l.Plan(); p.Learned || p.FairWait != 150*time.Millisecond || p.Stagger != 120*time.Millisecond {
		t.Errorf("plan is %+v", p)
	}
}

func TestBoundThatBindsIsNamed(t *testing.T) {
	f := func(longest time.Duration, want time.Duration, words string) {
		t.Helper()
		l := New(settings(), purse())
		answer(l, 1000, longest)
		l.Tick(epoch)
		p := l.Plan()
		if p.Stagger != want || !strings.Contains(p.Reason, words) {
			t.Errorf("answers up to %v: stagger %v, reason %q; want %v and %q", longest, p.Stagger, p.Reason, want, words)
		}
	}
	f(500*time.Microsecond, time.Millisecond, "(stagger.min binds, else 45")
	f(290*time.Millisecond, 200*time.Millisecond, "(stagger.max binds, else 26")
	s := settings()
	s.Max, s.Initial = 0, time.Second
	if p := New(s, purse()).Plan(); p.Stagger != s.Deadline || !strings.Contains(p.Reason, "stagger.max binds") {
		t.Errorf("without a max the deadline should bind: %v, %q", p.Stagger, p.Reason)
	}
}

func TestUpdateKeepsWhatWasLearned(t *testing.T) {
	l := New(settings(), purse())
	answer(l, 1000, 100*time.Millisecond)
	l.Tick(epoch)
	s := settings()
	s.Quantile, s.FanOut = 0.5, 2
	l.Update(s)
	p := l.Plan()
	near(t, "stagger", p.Stagger, 50*time.Millisecond, 0.01)
	if p.FanOut != 2 || p.Samples != 1000 {
		t.Errorf("plan is %+v", p)
	}
}

func TestIdleLearnerForgetsNothing(t *testing.T) {
	l := New(settings(), purse())
	answer(l, 1000, 100*time.Millisecond)
	l.Tick(epoch)
	before := l.Plan()
	if l.Tick(epoch.Add(time.Hour)) || l.Plan() != before {
		t.Error("a tick with nothing to take up made another plan")
	}
	l.Observe(hedge.Initial, Success, time.Millisecond)
	l.Tick(epoch.Add(2 * time.Hour))
	if got := l.Plan().Samples; math.Abs(got-leastMemory) > 1e-6 {
		t.Errorf("%v samples are left, want %d", got, leastMemory)
	}
}

// shift lets a busy upstream (a thousand calls a second) answer in from ms, then
// in to ms, and returns how long the stagger took to come within a tenth.
func shift(t *testing.T, q, from, to float64) time.Duration {
	t.Helper()
	const tick = 100 * time.Millisecond
	random := rand.New(rand.NewPCG(3, 3))
	s := settings()
	s.Quantile, s.Deadline, s.Max = q, time.Second, 0
	l, now := New(s, purse()), epoch
	second := func(median float64) {
		for range 100 {
			l.Observe(hedge.Initial, Success, time.Duration(median*1e6*math.Exp(0.3*random.NormFloat64())))
		}
		now = now.Add(tick)
		l.Tick(now)
	}
	for range 250 {
		second(from)
	}
	old := l.Plan().Stagger
	want := float64(old) * to / from
	shifted := now
	for range 600 {
		second(to)
		if math.Abs(float64(l.Plan().Stagger)-want) < want/10 {
			return now.Sub(shifted)
		}
	}
	t.Fatalf("the stagger went from %v to %v in a minute, want %v", old, l.Plan().Stagger, time.Duration(want))
	return 0
}

func TestStaggerFollowsAShiftWithinSeconds(t *testing.T) {
	f := func(q, from, to float64, within time.Duration) {
		t.Helper()
		if took := shift(t, q, from, to); took > within {
			t.Errorf("p%s from %v to %v ms took %v, want at most %v", percent(q), from, to, took, within)
		}
	}
	f(0.5, 10, 40, 15*time.Second)
	f(0.99, 10, 40, 10*time.Second)
	f(0.95, 40, 10, 25*time.Second)
}

func TestStatusShowsThePlanInForce(t *testing.T) {
	l := New(settings(), purse())
	answer(l, 100, 100*time.Millisecond)
	l.Tick(epoch)
	if s := l.Status(); s.Observed != 100 || s.Plan != l.Plan() {
		t.Errorf("status is %+v", s)
	}
}

func TestObserveCountsEveryEndOnce(t *testing.T) {
	l := New(settings(), purse())
	var observers sync.WaitGroup
	for range 8 {
		observers.Go(func() {
			for i := range 10_000 {
				l.Observe(hedge.Initial, Kind(i%kinds), time.Duration(i)*time.Microsecond)
				_ = l.Plan().FanOut
			}
		})
	}
	for i := range 100 {
		l.Tick(epoch.Add(time.Duration(i) * time.Millisecond))
	}
	observers.Wait()
	l.Tick(epoch.Add(time.Second))
	if got := l.Status().Observed; got != 80_000 {
		t.Errorf("%d ends were taken up, want 80000", got)
	}
}

func TestObserveAndPlanAllocateNothing(t *testing.T) {
	l := New(settings(), purse())
	if n := testing.AllocsPerRun(1000, func() {
		_ = l.Plan().Gaps
		l.Observe(hedge.Initial, Success, 20*time.Millisecond)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
