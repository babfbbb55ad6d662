package hedge_test

import (
	"time"

	"pgregory.net/rapid"

	"hedged.dev/hedged/pkg/hedge"
)

// chance makes the choices of a course: a number from 0 to below n.
type chance func(n int) int

func of[T any](c chance, all ...T) T { return all[c(len(all))] }

// moves are what a course writes down.
const (
	asked    = "asked"    // Next wants an attempt
	launched = "launched" // and gets it
	refused  = "refused"  // or does not
	answered = "answered" // an attempt's result was taken
	ignored  = "ignored"  // or not
	left     = "left"     // the caller has gone
	waiting  = "waiting"  // Next has nothing to do
	// suppressed, cancelled and finished are Next's.
	suppressed = "suppressed"
	cancelled  = "cancelled"
	finished   = "finished"
)

// move is one event or action of a race, with the race's state after it.
type move struct {
	at       time.Duration
	what     string
	n        int // the attempt
	ask      hedge.Ask
	end      hedge.End
	reason   hedge.Reason
	answer   hedge.Answer
	inFlight int
	best     int
	cause    hedge.Cause
	wake     time.Duration
}

// course is one race from its start to its end, under random events.
type course struct {
	plan     hedge.Plan
	deadline time.Duration
	moves    []move
	race     hedge.Race
	now      time.Duration
	choose   chance
}

// run plays a race. Few distinct instants, so that events often meet at the same one.
func run(choose chance) *course {
	c := &course{choose: choose}
	unit := func(most int) time.Duration { return time.Duration(choose(most+1)) * 5 * ms }
	c.plan = hedge.Plan{
		FanOut: 1 + choose(hedge.MaxFanOut+1), Most: choose(hedge.MaxFanOut + 2),
		Defer:          of(choose, 0, 5*ms, 25*ms),
		AttemptTimeout: of(choose, 0, 0, 15*ms, 40*ms),
		LeastRemaining: of(choose, 0, 10*ms, 25*ms),
	}
	for i := range c.plan.Gaps {
		c.plan.Gaps[i] = unit(8) - 5*ms // -5 ms never comes due
	}
	c.deadline = of(choose, 60*ms, 20*ms, 100*ms, 0, hedge.Forever)
	c.race.Start(&c.plan, c.deadline)
	for range 60 {
		if c.drain() {
			return c
		}
		c.event(unit)
	}
	c.leave()
	c.drain()
	return c
}

func (c *course) note(m move) {
	m.at, m.inFlight, m.best, m.cause, m.wake = c.now, c.race.InFlight(), c.race.Best(), c.race.Cause(), c.race.Wake()
	c.moves = append(c.moves, m)
}

// drain does what the race asks for. It reports whether the race is over.
func (c *course) drain() bool {
	for {
		switch a := c.race.Next(c.now); a.Kind {
		case hedge.Launch:
			c.note(move{what: asked, n: a.Ask.Number, ask: a.Ask})
			if reason := of(c.choose, "", "", "", "", "", hedge.Budget, hedge.Draw, hedge.Breaker); reason != hedge.Admitted {
				c.race.Refuse(reason)
				c.note(move{what: refused, n: a.Ask.Number, ask: a.Ask, reason: reason})
				continue
			}
			c.race.Launch(c.now)
			c.note(move{what: launched, n: a.Ask.Number, ask: a.Ask})
		case hedge.Suppress:
			c.note(move{what: suppressed, n: a.Ask.Number, ask: a.Ask, reason: a.Reason})
		case hedge.Cancel:
			c.note(move{what: cancelled, n: a.Ask.Number, end: a.End})
		case hedge.Finish:
			c.note(move{what: finished})
			return true
		default:
			c.note(move{what: waiting})
			return false
		}
	}
}

// event lets one thing happen, or two at once.
func (c *course) event(unit func(int) time.Duration) {
	switch wake := c.race.Wake(); of(c.choose, "wake", "wake", "answer", "answer", "answer", "two answers", "pass", "leave") {
	case "wake":
		if wake != hedge.Forever {
			c.now = wake
			return
		}
		fallthrough
	case "answer":
		c.now = min(c.now+unit(3), wake)
		c.answer()
	case "two answers":
		c.now = min(c.now+unit(3), wake)
		c.answer()
		c.answer()
	case "pass":
		c.now += unit(10) // a busy driver may come late
	case "leave":
		if c.choose(4) == 0 {
			c.leave()
		}
	}
}

func (c *course) leave() {
	c.race.Leave()
	c.note(move{what: left})
}

// answer has some attempt answer: mostly one that is under way.
func (c *course) answer() {
	n := 1 + c.choose(hedge.MaxFanOut)
	for i := 0; i < hedge.MaxFanOut && !c.race.Running(n) && c.choose(8) > 0; i++ {
		n = n%hedge.MaxFanOut + 1
	}
	a := hedge.Answer{
		Verdict:  of(c.choose, hedge.NonFatal, hedge.NonFatal, hedge.NonFatal, hedge.Accepted, hedge.Fatal, hedge.NotSent),
		HasValue: c.choose(2) == 0,
		Wait:     of(c.choose, 0, 0, 0, 0, 10*ms, 50*ms, time.Hour, -1),
		Unsent:   c.choose(4) == 0,
	}
	end, ok := c.race.Answer(c.now, n, a)
	if ok {
		c.note(move{what: answered, n: n, end: end, answer: a})
	} else {
		c.note(move{what: ignored, n: n, answer: a})
	}
}

// courses checks that something holds for every race.
func courses(t *rapid.T, check func(c *course) error) {
	c := run(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "choice") })
	if err := check(c); err != nil {
		t.Fatalf("%v\nplan %+v, deadline %v\n%s", err, c.plan, c.deadline, c)
	}
}
