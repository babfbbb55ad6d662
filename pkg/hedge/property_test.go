package hedge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"hedged.dev/hedged/pkg/hedge"
)

// scenario is one random call.
type scenario struct {
	plan     hedge.Plan
	deadline time.Duration // 0: none
	gone     time.Duration // 0: the caller stays
	tries    []try
	inline   bool
}

func drawScenario(t *rapid.T) scenario {
	// Few distinct instants, so that events often meet at the same one.
	instant := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 12).Draw(t, "instant")) * 5 * ms
	})
	s := scenario{
		plan: hedge.Plan{
			Most:           rapid.IntRange(0, hedge.MaxFanOut).Draw(t, "most"),
			FanOut:         rapid.IntRange(1, hedge.MaxFanOut).Draw(t, "fanOut"),
			Defer:          rapid.SampledFrom([]time.Duration{0, 0, 5 * ms, 25 * ms}).Draw(t, "defer"),
			AttemptTimeout: rapid.SampledFrom([]time.Duration{0, 0, 15 * ms, 40 * ms}).Draw(t, "attemptTimeout"),
			LeastRemaining: rapid.SampledFrom([]time.Duration{0, 10 * ms, 25 * ms}).Draw(t, "leastRemaining"),
		},
		deadline: rapid.SampledFrom([]time.Duration{0, 20 * ms, 60 * ms, 100 * ms}).Draw(t, "deadline"),
		gone:     rapid.SampledFrom([]time.Duration{0, 0, 0, 5 * ms, 30 * ms}).Draw(t, "gone"),
		inline:   rapid.Bool().Draw(t, "inline"),
	}
	for i := range s.plan.Gaps {
		s.plan.Gaps[i] = rapid.OneOf(instant, rapid.Just(hedge.Never)).Draw(t, "gap")
	}
	for range hedge.MaxFanOut {
		s.tries = append(s.tries, try{
			takes:   instant.Draw(t, "takes"),
			verdict: rapid.SampledFrom([]hedge.Verdict{hedge.Accepted, hedge.Accepted, hedge.NonFatal, hedge.NonFatal, hedge.Fatal, hedge.NotSent}).Draw(t, "verdict"),
			empty:   rapid.Bool().Draw(t, "empty"),
			unsent:  rapid.Bool().Draw(t, "unsent"),
			deaf:    rapid.SampledFrom([]time.Duration{0, 0, 7 * ms}).Draw(t, "deaf"),
			wait:    rapid.SampledFrom([]time.Duration{0, 0, 0, 12 * ms, -1}).Draw(t, "wait"),
			refuse:  rapid.SampledFrom([]hedge.Reason{"", "", "", "", hedge.Budget, hedge.NoEndpoint}).Draw(t, "refuse"),
			held:    rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "held"),
		})
	}
	return s
}

// run plays a scenario in a bubble and checks what must hold for all of them.
func (sc scenario) run(t *testing.T) (err error) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if sc.gone > 0 {
			time.AfterFunc(sc.gone, cancel)
		}
		var deadline time.Time
		if sc.deadline > 0 {
			deadline = in(sc.deadline)
		}
		s := play(sc.tries...)
		do := hedge.Do[int]
		if sc.inline {
			do = hedge.DoInline[int]
		}
		o := do(ctx, &sc.plan, deadline, s)
		took := time.Since(s.begun)
		s.mu.Lock()
		known := len(s.ends)
		s.mu.Unlock()
		o.Release()
		<-time.After(time.Second) // virtual: all that is deaf comes to its end
		synctest.Wait()
		err = errors.Join(s.balance(o), sc.check(s, o, took, known))
	})
	return err
}

func (sc scenario) check(s *script, o hedge.Outcome[int], took time.Duration, known int) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if known != o.Launched {
		fail("%d of %d ends were told before Do returned", known, o.Launched)
	}
	most := sc.plan.FanOut
	for _, a := range s.ends {
		if (a.End == hedge.Failed || a.End == hedge.Rejected) && sc.tries[a.Number-1].unsent && most < sc.plan.Most {
			most++
		}
	}
	if o.Launched > most {
		fail("launched %d with fan-out %d, %d with what was not sent", o.Launched, sc.plan.FanOut, most)
	}
	for i, at := range s.launched {
		if at > took {
			fail("run %d began at %v, after the outcome at %v", i+1, at, took)
		}
	}
	wins, hedges := 0, 0
	for _, a := range s.ends {
		if a.End == hedge.Won {
			wins++
		}
		if a.Trigger == hedge.Stagger {
			hedges++
		}
		left := sc.deadline - a.Start.Sub(s.begun)
		if a.Number > 1 && sc.deadline > 0 && (left <= 0 || left < sc.plan.LeastRemaining) {
			fail("attempt %d was launched with %v left", a.Number, left)
		}
		if sc.plan.AttemptTimeout > 0 && a.Elapsed > sc.plan.AttemptTimeout {
			fail("attempt %d took %v", a.Number, a.Elapsed)
		}
	}
	if won := o.Verdict == hedge.Accepted; (wins == 1) != won || wins > 1 {
		fail("%d attempts won, outcome %+v", wins, o)
	}
	longest := time.Duration(0)
	if sc.inline { // the first attempt's deafness is the caller's own doing
		longest = sc.tries[0].deaf
	}
	if sc.deadline > 0 && took > sc.deadline+longest {
		fail("took %v with a deadline of %v", took, sc.deadline)
	}
	if o.Err == nil != (o.HasValue || o.Verdict == hedge.Accepted) {
		fail("error %v with value %v", o.Err, o.HasValue)
	}
	postponed := 0
	for _, x := range o.Suppressed {
		if x.Trigger == hedge.Stagger {
			hedges++
			if (x.Reason == hedge.Draw || x.Reason == hedge.Budget) && sc.plan.Defer > 0 {
				postponed = 1
			}
		}
		if x.Reason == hedge.Admitted || x.Number < 1 || x.Number > most {
			fail("suppression %+v", x)
		}
	}
	planned := slices.Index(append(sc.plan.Gaps[:sc.plan.FanOut-1:sc.plan.FanOut-1], hedge.Never), hedge.Never)
	if hedges > planned+postponed {
		fail("%d hedges were launched or suppressed, %d planned", hedges, planned)
	}
	return errors.Join(append(errs, sc.checkGaps(s, o))...)
}

// checkGaps checks that hedge i comes its own gap after the newest attempt, where
// no suppressed one has moved the ladder.
func (sc scenario) checkGaps(s *script, o hedge.Outcome[int]) error {
	if len(o.Suppressed) > 0 {
		return nil
	}
	byNumber := make([]hedge.Attempt, o.Launched)
	for _, a := range s.ends {
		byNumber[a.Number-1] = a
	}
	hedges := 0
	for i, a := range byNumber {
		if a.Trigger != hedge.Stagger {
			continue
		}
		if gap := a.Start.Sub(byNumber[i-1].Start); gap != sc.plan.Gaps[hedges] {
			return fmt.Errorf("hedge %d came %v after the newest attempt, its gap is %v", hedges+1, gap, sc.plan.Gaps[hedges])
		}
		hedges++
	}
	return nil
}

func TestPropertyEveryCall(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sc := drawScenario(r)
		if err := sc.run(t); err != nil {
			r.Fatalf("%+v:\n%v", sc, err)
		}
	})
}

func TestPropertyDifferentEndpoints(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sc := drawScenario(r)
		for i := range sc.tries {
			sc.tries[i].refuse = hedge.Admitted
		}
		names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}[:rapid.IntRange(1, 8).Draw(r, "endpoints")]
		synctest.Test(t, func(t *testing.T) {
			p := &pool{script: play(sc.tries...), endpoints: names, distinct: true}
			o := hedge.Do(t.Context(), &sc.plan, in(100*ms), p)
			seen := map[string]bool{}
			for _, e := range p.used {
				if seen[e] {
					t.Errorf("endpoint %s was used twice: %v", e, p.used)
				}
				seen[e] = true
			}
			if o.Launched != len(p.used) {
				t.Errorf("launched %d, admitted %d", o.Launched, len(p.used))
			}
			o.Release()
			<-time.After(time.Second)
		})
	})
}
