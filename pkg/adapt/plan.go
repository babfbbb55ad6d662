package adapt

import (
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// Plan is what calls do until the next plan, and why. It is immutable.
type Plan struct {
	hedge.Plan
	// FairWait is the age from which a lost attempt speaks against its endpoint: three
	// medians of answered attempts or their 95th percentile, whichever is longer; half the
	// deadline until they are known, and two deadlines while all endpoints are slower than
	// they were: what slows all speaks against none.
	FairWait time.Duration
	Stagger  time.Duration // the first gap; hedge.Never if there is no hedge
	Learned  bool          // whether enough first attempts have been observed
	Reason   string        // how the plan came about, in a sentence
	Samples  float64       // first attempts that it rests on, the older ones counting less
	// P50 and P99 are quantiles of answered attempts; 0 until learned.
	P50, P99 time.Duration

	Adaptive   bool    // whether the controller decides how many attempts there are
	Hedges     int     // attempts that come due by stagger
	HedgeShare float64 // the share of calls whose first hedge is sent when due, from 0 to 1; the others defer it
	State      State   // what the controller takes the upstream's state for
	Rule       Rule    // what decided on the plan
	Figures    Figures // what it was decided by

	quick time.Duration // within which a hedge that succeeds is not held against the pace
	paced bool          // whether retries are held to the pace of hedges
	bound string        // the bound of the stagger that holds a gap where it is
	found time.Duration
}

// Sampled reports whether a hedge is of the share that the plan sends when due. The draw
// is a random number from 0 to below 1. Retries and later hedges are always sent.
func (p *Plan) Sampled(a hedge.Ask, draw float64) bool {
	return !p.Adaptive || a.Trigger != hedge.Stagger || a.Place > 0 || a.Deferred || draw < p.HedgeShare
}

// State is what the controller takes the upstream's state for. Plans that are not
// adaptive have none.
type State string

// The states.
const (
	Cold     State = "cold"     // too little is known
	Steady   State = "steady"   // as it has been
	Moved    State = "moved"    // its latency has moved, and hedges help all the same
	Overload State = "overload" // its latency has moved, and hedges have not been seen to help since
	Pushback State = "pushback" // it asked to be left alone
)

// Rule is what decided on a plan.
type Rule string

// The rules.
const (
	Early       Rule = "early"        // hedges come early: what they save is worth their load
	BudgetBound Rule = "budget-bound" // so many hedges as the budget pays for
	Late        Rule = "late"         // an earlier hedge would gain too little: hedges come as late as a retry would
	Stopped     Rule = "stopped"      // no hedge
	Given       Rule = "given"        // the policy says so: nothing was searched for
)

// Figures are what a plan was decided by. Shares are from 0 to 1.
type Figures struct {
	FailureRate  float64 `json:"failureRate"`    // of first attempts: not answered acceptably by the deadline
	Explicit     float64 `json:"explicit"`       // of it, failed explicitly
	Planned      float64 `json:"plannedSuccess"` // by the deadline, as planned
	Slow         float64 `json:"slow"`           // share of first attempts without an answer when the first hedge is due
	Helped       float64 `json:"helped"`         // share of these that a hedge answers by the deadline
	Cost         float64 `json:"cost"`           // further attempts per call, as planned
	Ceiling      float64 `json:"ceiling"`        // hedges per call that the plan may cost now
	Budget       float64 `json:"budget"`         // further attempts per call that the budget earns
	Stock        float64 `json:"stock"`          // tokens
	OfHedges     float64 `json:"conditionalOfHedges"`
	OfRetries    float64 `json:"conditionalOfRetries"` // success of a further attempt ÷ that of a first one of the same age
	Evidence     float64 `json:"evidence"`             // hedges' expected successes that this rests on
	LatencyRatio float64 `json:"latencyRatio"`         // the median ÷ the least median of the last minute
	Moved        float64 `json:"moved"`                // how surely the median has moved lately
	Independence float64 `json:"independence"`         // how far hedging is left alone: 1 fully, 0 not at all
}
