package sim

import (
	"slices"
	"strconv"
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// Again is how long the plan of a daemon went without an early hedge after a
// disturbance, in time with traffic. The zero value is that there was nothing to measure.
type Again struct {
	Measured bool
	Never    bool // until the last call
	S        float64
}

// IsZero reports whether there was nothing to measure.
func (a Again) IsZero() bool { return !a.Measured }

// MarshalJSON writes seconds, and null for never.
func (a Again) MarshalJSON() ([]byte, error) {
	if a.Never {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, digits(a.S, 3), 'f', -1, 64), nil
}

func (a Again) String() string {
	switch {
	case !a.Measured:
		return "-"
	case a.Never:
		return "never"
	default:
		return strconv.FormatFloat(a.S, 'f', 1, 64) + " s"
	}
}

// worse returns the longer one of two.
func (a Again) worse(b Again) Again {
	if !a.Measured || b.Measured && (b.Never || !a.Never && b.S > a.S) {
		return b
	}
	return a
}

// before is how soon before a disturbance a plan must have had an early hedge for it
// to be missed afterwards.
const before = time.Second

// hedgesAgain returns how long it took at worst after a disturbance until a daemon's plan
// had an early hedge again. Only what begins and ends while calls arrive counts.
func (r *run) hedgesAgain() Again {
	var worst Again
	plans := make([][]PlanPoint, len(r.daemons))
	for _, p := range r.tally.plans {
		plans[p.Daemon] = append(plans[p.Daemon], p)
	}
	for _, d := range r.scenario.disturbances() {
		if d.to >= r.last {
			continue
		}
		for _, own := range plans {
			worst = worst.worse(r.again(own, d))
		}
	}
	return worst
}

// again measures one disturbance by one daemon's plans.
func (r *run) again(plans []PlanPoint, d disturbance) Again {
	early := func(p PlanPoint) bool { return p.Hedges > 0 && p.Gap != hedge.Never && int64(p.Gap) < r.deadline/2 }
	place := func(at time.Duration) int {
		i, _ := slices.BinarySearchFunc(plans, at, func(p PlanPoint, at time.Duration) int { return int(p.At - at) })
		return i
	}
	if !slices.ContainsFunc(plans[place(d.from-before):place(d.from)], early) {
		return Again{}
	}
	for _, p := range plans[place(d.to):] {
		if p.At > r.last {
			break
		}
		if early(p) {
			return Again{Measured: true, S: r.busy(d.to, p.At).Seconds()}
		}
	}
	return Again{Measured: true, Never: true}
}

// busy returns how much of a stretch had traffic.
func (r *run) busy(from, to time.Duration) time.Duration {
	left := to - from
	for at := int((from + slotLength - 1) / slotLength); at < int(to/slotLength); at++ {
		if at >= len(r.tally.slots) || r.tally.slots[at].Calls == 0 {
			left -= slotLength
		}
	}
	return left
}
