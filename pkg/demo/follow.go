package demo

import (
	"fmt"
	"time"
)

// following is how the plan's fan-out followed a trouble that came and went.
type following struct {
	before, during int           // the fan-outs that prevailed, during: in the later half
	up             time.Duration // from the start until the fan-out was what it was during, if that is more; never
	down           time.Duration // from the end until it was what it was before, or less; never
	changes        int           // of the fan-out, in the whole run
	turns          int           // changes from rising to falling or back; a plan that follows once has 1
}

// never is when something was that was not seen.
const never = time.Duration(-1)

// follow finds out how the plans followed a trouble. The plans before it are
// those from the beginning of the measured time on.
func follow(plans []planned, trouble peak) following {
	half := (trouble.from + trouble.to) / 2
	f := following{
		before: prevailing(plans, 0, trouble.from),
		during: prevailing(plans, half, trouble.to),
		up:     never,
		down:   never,
	}
	direction := 0
	for i, p := range plans {
		if f.up == never && f.during > f.before && trouble.holds(p.at) && p.FanOut >= f.during {
			f.up = p.at - trouble.from
		}
		if f.down == never && p.at >= trouble.to && p.FanOut <= f.before {
			f.down = p.at - trouble.to
		}
		if i == 0 || p.FanOut == plans[i-1].FanOut {
			continue
		}
		f.changes++
		next := 1
		if p.FanOut < plans[i-1].FanOut {
			next = -1
		}
		if next == -direction {
			f.turns++
		}
		direction = next
	}
	return f
}

// prevailing returns the fan-out that most plans from one instant to another
// have, the least of several; 0 if there are none.
func prevailing(plans []planned, from, to time.Duration) int {
	counts := make(map[int]int)
	most := 0
	for _, p := range plans {
		if from <= p.at && p.at < to {
			n := p.FanOut
			counts[n]++
			if counts[n] > counts[most] || counts[n] == counts[most] && n < most {
				most = n
			}
		}
	}
	return most
}

// text tells it in a line.
func (f following) text() string {
	up, down := "never up", "never down"
	if f.up != never {
		up = fmt.Sprintf("up after %.1f s", f.up.Seconds())
	}
	if f.down != never {
		down = fmt.Sprintf("down %.1f s after the end", f.down.Seconds())
	}
	return fmt.Sprintf("fan-out %d → %d, %s, %s; changes: %d, turns: %d", f.before, f.during, up, down, f.changes, f.turns)
}
