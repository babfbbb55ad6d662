package hedge_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hedged.dev/hedged/pkg/hedge"
)

func (c *course) String() string {
	var b strings.Builder
	for _, m := range c.moves {
		fmt.Fprintf(&b, "%6v %-10s n=%d %+v end=%v reason=%q answer=%+v in flight %d, best %d, %v, wake %v\n",
			m.at, m.what, m.n, m.ask, m.end, m.reason, m.answer, m.inFlight, m.best, m.cause, m.wake)
	}
	return b.String()
}

// each calls f for every move; further says what follows it before Next waits or ends.
func (c *course) each(f func(m move, following []move) error) error {
	for i, m := range c.moves {
		end := i + 1
		for end < len(c.moves) && c.moves[end-1].what != waiting {
			end++
		}
		if err := f(m, c.moves[i+1:end]); err != nil {
			return fmt.Errorf("move %d: %w", i, err)
		}
	}
	return nil
}

func has(all []move, f func(m move) bool) bool { return slices.ContainsFunc(all, f) }

func is(what ...string) func(m move) bool {
	return func(m move) bool { return slices.Contains(what, m.what) }
}

// ends reports whether the move ends an attempt.
func ends(m move) bool { return m.what == answered || m.what == cancelled }

// lawOne: what was launched ends once, and before the call does.
func lawOne(c *course) error {
	open := map[int]bool{}
	values := map[int]bool{0: true}
	err := c.each(func(m move, _ []move) error {
		switch {
		case m.what == launched:
			if open[m.n] {
				return fmt.Errorf("attempt %d is launched twice", m.n)
			}
			open[m.n] = true
		case ends(m):
			if !open[m.n] {
				return fmt.Errorf("attempt %d ends, and is not under way", m.n)
			}
			delete(open, m.n)
			if m.what == answered && (m.answer.HasValue || m.answer.Verdict == hedge.Accepted) {
				values[m.n] = true
			}
		case m.what == finished && len(open) > 0:
			return fmt.Errorf("the call ended with %v under way", open)
		}
		if len(open) != m.inFlight {
			return fmt.Errorf("%d attempts are in flight, the race says %d", len(open), m.inFlight)
		}
		if !values[m.best] {
			return fmt.Errorf("attempt %d is the best, and gave no answer", m.best)
		}
		return nil
	})
	last, r := c.moves[len(c.moves)-1], c.race
	if again := r.Next(c.now + time.Hour); last.what != finished || again.Kind != hedge.Finish {
		return errors.Join(err, fmt.Errorf("the race is not over: %+v, then %+v", last, again))
	}
	return err
}

// lawTwo: when the winner is known nothing more is launched or waited for.
func lawTwo(c *course) error {
	return c.each(func(m move, following []move) error {
		if m.cause != hedge.Undecided && has(following, is(asked, launched, waiting, answered)) {
			return fmt.Errorf("the race is %v and goes on", m.cause)
		}
		if m.what == answered && (m.answer.Verdict == hedge.Accepted) != (m.cause == hedge.Decided && m.end == hedge.Won && m.best == m.n) {
			return fmt.Errorf("an answer that is %v: %v, %v, best %d", m.answer.Verdict, m.end, m.cause, m.best)
		}
		return nil
	})
}

// lawThree: an end says what happened.
func lawThree(c *course) error {
	started := map[int]time.Duration{}
	want := map[hedge.Verdict]hedge.End{
		hedge.Accepted: hedge.Won, hedge.NonFatal: hedge.Failed, hedge.Fatal: hedge.Failed, hedge.NotSent: hedge.Rejected,
	}
	return c.each(func(m move, _ []move) error {
		ok := true
		switch m.what {
		case launched:
			started[m.n] = m.at
		case answered:
			ok = m.end == want[m.answer.Verdict]
		case cancelled:
			switch m.cause {
			case hedge.Undecided:
				ok = m.end == hedge.TimedOut && c.plan.AttemptTimeout > 0 && m.at >= started[m.n]+c.plan.AttemptTimeout
			case hedge.Expired:
				ok = m.end == hedge.TimedOut && m.at >= c.deadline
			case hedge.Abandoned:
				ok = m.end == hedge.ClientGone
			default:
				ok = m.end == hedge.Lost
			}
		}
		if !ok {
			return fmt.Errorf("attempt %d ended as %v", m.n, m.end)
		}
		return nil
	})
}

// lawFour: a failure is followed by a retry at once, if one is left and can finish; a
// fatal answer ends the call; the latest bad answer is what the call ends with.
func lawFour(c *course) error {
	fanOut, number, best := min(c.plan.FanOut, hedge.MaxFanOut), 0, 0
	stopped := false
	owed := 0 // failures of which Next has not said what follows
	return c.each(func(m move, following []move) error {
		failure := m.what == cancelled && m.cause == hedge.Undecided || m.what == answered && m.end != hedge.Won && m.answer.Verdict != hedge.Fatal
		switch {
		case m.what == launched:
			number++
		case m.what == answered && m.answer.Unsent && m.answer.Verdict != hedge.Accepted && m.answer.Verdict != hedge.Fatal && fanOut < min(c.plan.Most, hedge.MaxFanOut):
			if m.cause == hedge.Undecided {
				fanOut++
			}
		case m.what == left && m.cause == hedge.Abandoned:
			best = 0
		}
		if number > fanOut {
			return fmt.Errorf("attempt %d with a fan-out of %d", number, fanOut)
		}
		if m.what == answered && (m.answer.HasValue || m.end == hedge.Won) {
			best = m.n
		}
		if m.best != best {
			return fmt.Errorf("the best is attempt %d, not %d", m.best, best)
		}
		if m.what == answered && m.answer.Verdict == hedge.Fatal && m.cause == hedge.Undecided {
			return errors.New("a fatal answer does not end the call")
		}
		switch {
		case m.what == answered && m.answer.Wait < 0:
			stopped = true
		case m.what == suppressed && m.reason == hedge.NoTime:
			stopped = true // lawSix says whether rightly
		}
		if failure && m.answer.Wait == 0 && !stopped && number < fanOut {
			owed++
		}
		if m.what == suppressed && m.ask.Trigger == hedge.Failure || m.what == asked && m.ask.Trigger == hedge.Failure {
			owed = max(owed-1, 0)
		}
		if m.what == waiting && owed > 0 && !stopped && number < fanOut {
			return fmt.Errorf("%d failures launched no retry", owed)
		}
		if m.what == waiting {
			owed = 0
		}
		return nil
	})
}

// lawFive: a refusal touches nothing in flight. Only that of the first attempt ends the call.
func lawFive(c *course) error {
	before := 0
	return c.each(func(m move, following []move) error {
		if m.what == refused {
			if m.inFlight != before || (m.n == 1) != (m.cause == hedge.Refused) {
				return fmt.Errorf("refused: %d in flight, before %d, %v", m.inFlight, before, m.cause)
			}
			if next := following[0]; next.what != suppressed || next.reason != m.reason || next.n != m.n {
				return fmt.Errorf("the refusal is followed by %+v", next)
			}
		}
		if m.what == finished && m.cause == hedge.Exhausted && before > 0 {
			return fmt.Errorf("given up with %d in flight", before)
		}
		before = m.inFlight
		return nil
	})
}

// lawSix: no attempt is launched that cannot finish; that it was not is recorded.
func lawSix(c *course) error {
	over, wait := false, time.Duration(0)
	short := func(left time.Duration) bool { return left <= 0 || left < c.plan.LeastRemaining }
	return c.each(func(m move, following []move) error {
		left := c.deadline - m.at
		if m.what == answered && m.answer.Wait > 0 {
			wait = max(wait, m.answer.Wait)
		}
		switch {
		case m.what == asked && m.n > 1 && short(left):
			return fmt.Errorf("attempt %d is asked for with %v left", m.n, left)
		case m.what == asked && over:
			return fmt.Errorf("attempt %d is asked for after there was no time", m.n)
		case m.what == suppressed && m.reason == hedge.NoTime:
			if !short(left) && !short(left-wait) {
				return fmt.Errorf("suppressed with %v left, waiting for %v", left, wait)
			}
			if over {
				return errors.New("that there was no time is told twice")
			}
			over = wait == 0 // what remains only shrinks
		}
		if m.what == waiting {
			wait = 0
		}
		return nil
	})
}

// lawSeven: after the caller has gone no failure is believed.
func lawSeven(c *course) error {
	gone := false
	return c.each(func(m move, following []move) error {
		gone = gone || m.what == left && m.cause == hedge.Abandoned
		if gone && (m.cause != hedge.Abandoned || m.best != 0 || is(asked, launched, refused, answered, waiting)(m)) {
			return fmt.Errorf("the caller has gone: %+v", m)
		}
		return nil
	})
}

// lawEight: attempts are asked for one at a time, by number, a hedge by its place and a
// retry by its own count, so that whoever admits them can tell endpoints and probabilities apart.
func lawEight(c *course) error {
	number, retries, place, deferred := 0, 0, 0, -1
	return c.each(func(m move, following []move) error {
		if m.what != asked {
			return nil
		}
		if m.ask.Number != number+1 {
			return fmt.Errorf("attempt %d is asked for after %d", m.ask.Number, number)
		}
		if len(following) == 0 || following[0].ask != m.ask || !is(launched, refused)(following[0]) {
			return fmt.Errorf("%+v is followed by %+v", m, following)
		}
		yes := following[0].what == launched
		if yes {
			number++
		}
		want := hedge.Ask{Number: m.ask.Number, Trigger: m.ask.Trigger}
		switch m.ask.Trigger {
		case hedge.Failure:
			want.Place = retries
			if yes {
				retries++
			}
		case hedge.Stagger:
			want.Place, want.Deferred = place, place == deferred
			if reason := following[0].reason; !yes && c.plan.Defer > 0 && deferred < 0 && (reason == hedge.Draw || reason == hedge.Budget) {
				deferred = place
			} else {
				place++
			}
		}
		if m.ask != want {
			return fmt.Errorf("asked for %+v, want %+v", m.ask, want)
		}
		return nil
	})
}

// lawNine: a race has no clock and no chance of its own. Told the same, it asks for the
// same, also from a place in which another call was, and when it is copied midway.
func lawNine(c *course) error {
	other := run(func(n int) int { return n / 2 })
	r := other.race
	r.Start(&c.plan, c.deadline)
	for i, m := range c.moves {
		moved := r
		r = moved
		kind, ok := map[string]hedge.Kind{
			asked: hedge.Launch, suppressed: hedge.Suppress, cancelled: hedge.Cancel, finished: hedge.Finish, waiting: hedge.Wait,
		}[m.what]
		switch m.what {
		case launched:
			r.Launch(m.at)
		case refused:
			r.Refuse(m.reason)
		case answered, ignored:
			r.Answer(m.at, m.n, m.answer)
		case left:
			r.Leave()
		}
		if !ok {
			continue
		}
		if a := r.Next(m.at); a.Kind != kind || a.Ask.Number != m.n || a.Reason != m.reason || a.End != m.end {
			return fmt.Errorf("move %d is %+v the second time", i, a)
		}
	}
	if d := cmp.Diff(c.race, r, cmp.AllowUnexported(hedge.Race{})); d != "" {
		return fmt.Errorf("the two differ:\n%s", d)
	}
	return nil
}

// schedule: a hedge comes its own gap after the newest attempt, or after what was due in its place.
func schedule(c *course) error {
	from, refusedAt := time.Duration(0), time.Duration(0)
	return c.each(func(m move, following []move) error {
		if m.what == asked && m.ask.Trigger == hedge.Stagger {
			due := from + c.plan.Gaps[m.ask.Place]
			if m.ask.Deferred && refusedAt+c.plan.Defer < due || m.ask.Deferred && c.plan.Gaps[m.ask.Place] < 0 {
				due = refusedAt + c.plan.Defer
			}
			if m.at < due || c.plan.Gaps[m.ask.Place] < 0 {
				return fmt.Errorf("%+v comes at %v, due at %v", m.ask, m.at, due)
			}
		}
		if m.what == launched || m.what == refused && m.ask.Trigger == hedge.Stagger && !has(following, is(finished)) {
			from = m.at
		}
		if m.what == refused {
			refusedAt = m.at
		}
		return nil
	})
}

// lively: a call waits only for an attempt in flight, or for a retry that the upstream
// has put off and that can still finish.
func lively(c *course) error {
	put := map[time.Duration]bool{}
	return c.each(func(m move, following []move) error {
		if m.what == answered && m.answer.Wait > 0 {
			put[m.at+m.answer.Wait] = true
		}
		if m.what != waiting {
			return nil
		}
		if m.wake <= m.at || m.wake > c.deadline {
			return fmt.Errorf("waits at %v until %v", m.at, m.wake)
		}
		if m.inFlight == 0 && (!put[m.wake] || m.wake >= c.deadline || c.deadline-m.wake < c.plan.LeastRemaining) {
			return fmt.Errorf("waits at %v for nothing", m.at)
		}
		return nil
	})
}

func TestLaw1OfTheRaceEveryAttemptEndsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lawOne) })
}

func TestLaw2OfTheRaceTheWinnerEndsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lawTwo) })
}

func TestLaw3OfTheRaceAnEndSaysWhatHappened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lawThree) })
}

func TestLaw4OfTheRaceAFailureLaunchesTheNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lawFour) })
}

func TestLaw5OfTheRaceARefusalTouchesNothingInFlight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lawFive) })
}

func TestLaw6OfTheRaceNoAttemptThatCannotFinish(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lawSix) })
}

func TestLaw7OfTheRaceNoFailureIsBelievedOfACallerWhoHasGone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lawSeven) })
}

func TestLaw8OfTheRaceAttemptsAreAskedForOneAtATime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lawEight) })
}

func TestLaw9OfTheRaceItHasNoClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lawNine) })
}

func TestTheRaceKeepsItsSchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, schedule) })
}

func TestTheRaceWaitsForSomething(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { courses(t, lively) })
}

// FuzzRace: no bytes make a race break a law.
func FuzzRace(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x03\x00\x01\x02\x00\x02\x02\x02\x02\x02\x02\x02\x00\x00\x00\x02\x01\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, choices []byte) {
		next := 0
		c := run(func(n int) int {
			if next == len(choices) {
				return 0
			}
			next++
			return int(choices[next-1]) % n
		})
		for _, law := range []func(*course) error{
			lawOne, lawTwo, lawThree, lawFour, lawFive, lawSix, lawSeven, lawEight, lawNine, schedule, lively,
		} {
			if err := law(c); err != nil {
				t.Errorf("%v\nplan %+v, deadline %v\n%s", err, c.plan, c.deadline, c)
			}
		}
	})
}
