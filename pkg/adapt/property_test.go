package adapt

import (
	"encoding/binary"
	"math"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hedged.dev/hedged/pkg/budget"
	"hedged.dev/hedged/pkg/hedge"
)

// sound reports what is wrong with a plan, whatever it was made of.
func sound(t interface{ Fatalf(string, ...any) }, s *Settings, c *Controller) {
	p := c.Plan()
	most := min(max(s.FanOut, 1), hedge.MaxFanOut)
	if p.FanOut != most || p.Most != most || p.Hedges < 0 || p.Hedges > most-1 || p.Defer < 0 || p.Defer > 0 && p.Hedges == 0 {
		t.Fatalf("a fan-out of %d is not kept: %+v", most, p)
	}
	for i, gap := range p.Gaps {
		switch {
		case i >= p.Hedges:
			if gap != hedge.Never {
				t.Fatalf("gap %d of %d hedges is %v", i, p.Hedges, gap)
			}
			continue
		case s.Mode != Fixed && (gap < s.Min || gap > s.longest()), gap < 0:
			t.Fatalf("gap %d is %v: %+v", i, gap, p)
		}
	}
	if s.Adaptive && s.Mode == Auto && p.Learned && p.bound == "" && p.Gaps[0] > s.Deadline {
		t.Fatalf("the first hedge is due at %v, after the deadline: %+v", p.Gaps[0], p)
	}
	f := reflect.ValueOf(p.Figures)
	for i := range f.NumField() {
		if v := f.Field(i).Float(); math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			t.Fatalf("%s is %v: %+v", f.Type().Field(i).Name, v, p)
		}
	}
	g := &p.Figures
	for _, q := range []float64{p.HedgeShare, g.Planned, g.FailureRate, g.Explicit, g.Slow, g.Helped, g.Moved, g.Independence} {
		if !(q >= -1e-9 && q <= 1+1e-9) {
			t.Fatalf("%v is no share: %+v", q, p)
		}
	}
	if p.Rule != Given && p.Rule != Stopped {
		if look := laid(c.view, s); g.Cost-look.retries > max(g.Ceiling, look.late)+1e-9 {
			t.Fatalf("hedges cost %v, of %v, and late ones %v: %+v", g.Cost-look.retries, g.Ceiling, look.late, p)
		}
	}
	if (p.Rule == Stopped) != (p.Adaptive && most > 1 && g.Independence == 0) || p.Rule == Stopped && p.Hedges > 0 {
		t.Fatalf("whether hedging is stopped is not clear: %+v", p)
	}
	if p.LeastRemaining < 0 || p.FairWait <= 0 || math.IsNaN(p.Samples) || p.P99 < p.P50 || p.Reason == "" {
		t.Fatalf("plan is %+v", p)
	}
}

// Nothing that is observed makes a plan that breaks its bounds.
func TestPlanKeepsItsBoundsWhateverIsObserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := func(name string, from, to int) time.Duration {
			return time.Duration(rapid.IntRange(from, to).Draw(t, name)) * time.Millisecond
		}
		s := Settings{
			Deadline: ms("deadline", 2, 5000), FanOut: rapid.IntRange(0, 9).Draw(t, "fanOut"),
			Adaptive: rapid.Bool().Draw(t, "adaptive"), TrustUpstream: rapid.Bool().Draw(t, "trust"),
			Mode: Mode(rapid.IntRange(0, 2).Draw(t, "mode")), Fixed: ms("fixed", 0, 100),
			Target:   rapid.Float64Range(0.001, 0.999999).Draw(t, "target"),
			Quantile: rapid.Float64Range(0.001, 0.999).Draw(t, "quantile"),
			Max:      ms("max", 1, 5000),
		}
		s.Min = min(ms("min", 0, 5000), s.Max)
		s.Within = min(ms("within", 0, 5000), s.Deadline)
		if rapid.Bool().Draw(t, "timeout") {
			s.AttemptTimeout = s.Deadline / 2
		}
		purse := budget.New(budget.Settings{
			Percent: rapid.Float64Range(0, 100).Draw(t, "percent"), MinPerSecond: rapid.Float64Range(0, 100).Draw(t, "floor"),
		}, epoch)
		c, now := New(s, purse), epoch
		sound(t, &s, c)
		for range rapid.IntRange(1, 10).Draw(t, "ticks") {
			for range rapid.IntRange(0, 30).Draw(t, "kinds of ends") {
				trigger := hedge.Trigger(rapid.IntRange(0, triggers-1).Draw(t, "trigger"))
				k := Kind(rapid.IntRange(0, kinds-1).Draw(t, "kind"))
				age := time.Duration(rapid.Int64().Draw(t, "age"))
				for range rapid.IntRange(1, 20).Draw(t, "times") {
					c.Begin()
					c.Observe(trigger, k, age)
				}
			}
			now = now.Add(time.Duration(rapid.Int64Range(-1e9, 1e12).Draw(t, "step")))
			c.Tick(now)
			sound(t, &s, c)
		}
	})
}

// FuzzObservations feeds a stream of ends, seven bytes each: trigger and kind, the
// age in microseconds, calls, the time until the next tick.
func FuzzObservations(f *testing.F) {
	f.Add([]byte("\x00\x00\x10\x00\x00\x05\x01"))
	f.Add([]byte("\x05\xff\xff\xff\xff\xff\xff\x01\x00\x00\x20\x00\x01\x80"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		s := adaptive()
		s.FanOut = 8
		c, now := New(s, budget.New(budget.Settings{Percent: 10, MinPerSecond: 1}, epoch)), epoch
		for ; len(stream) >= 7; stream = stream[7:] {
			age := time.Duration(binary.BigEndian.Uint32(stream[1:])) * time.Microsecond
			for range int(stream[5]) {
				c.Begin()
				c.Observe(hedge.Trigger(stream[0]%triggers), Kind(stream[0]/triggers%kinds), age)
			}
			if stream[0]&0x80 != 0 {
				c.Pushback(50*ms, now)
			}
			if step := stream[6]; step > 0 {
				now = now.Add(time.Duration(step) * 20 * time.Millisecond)
				c.Tick(now)
				sound(t, &s, c)
			}
		}
	})
}

// G5: on every interleaving, further attempts are within what calls have earned, or
// the floor, and the initial stock: whatever is observed and planned meanwhile.
func TestG5BudgetHoldsOnEveryInterleaving(t *testing.T) {
	const percent, callers, each = 10, 8, 20_000
	purse := budget.New(budget.Settings{Percent: percent}, epoch)
	initial := purse.Status(epoch).Tokens
	c := New(adaptive(), purse)
	var calls, admitted atomic.Int64
	var over atomic.Bool
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			for n := range each {
				now := epoch.Add(time.Duration(n) * time.Millisecond)
				calls.Add(1) // before the budget counts it, so that the bound below is never too low
				p := c.Begin()
				kind := Kind((n + i) % kinds)
				c.Observe(hedge.Initial, kind, 20*time.Millisecond)
				for attempt := 2; attempt <= hedge.MaxFanOut; attempt++ {
					if c.Admit(p, hedge.Ask{Number: attempt, Trigger: hedge.Trigger(1 + n%2)}, 0, now) != hedge.Admitted {
						continue
					}
					if float64(admitted.Add(1)) > percent/100.0*float64(calls.Load())+initial {
						over.Store(true)
					}
					c.Observe(hedge.Stagger, Success, 10*time.Millisecond)
				}
				if n%100 == 0 {
					c.Tick(now)
				}
			}
		})
	}
	all.Wait()
	if over.Load() {
		t.Errorf("%d further attempts for %d calls", admitted.Load(), calls.Load())
	}
	if admitted.Load() < calls.Load()/20 {
		t.Errorf("only %d further attempts for %d calls: the test shows nothing", admitted.Load(), calls.Load())
	}
}
