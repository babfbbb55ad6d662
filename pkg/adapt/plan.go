package adapt

import (
	"time"

	"hedged.dev/hedged/pkg/hedge"
)

// fairWaits is how many medians an attempt is given before losing counts as slow.
const fairWaits = 3

// Plan is what calls do until the next plan, and why. It is immutable.
type Plan struct {
	hedge.Plan
	// FairWait is the age from which a lost attempt speaks against its endpoint:
	// three medians of answered attempts or their 95th percentile, whichever is longer;
	// half the deadline until they are known.
	FairWait time.Duration
	Stagger  time.Duration // the first gap; hedge.Never if there is no hedge
	Learned  bool          // whether enough first attempts have been observed
	Reason   string        // how the plan came about, in words and figures
	Samples  float64       // first attempts that it rests on, the older ones counting less
	// P50 and P99 are quantiles of answered attempts; 0 until learned.
	P50, P99 time.Duration

	Adaptive   bool    // whether the controller decides how many attempts there are
	Hedges     int     // attempts that come due by stagger, for the target and the tail
	HedgeShare float64 // the share of the calls in which the last of these is sent when due, from 0 to 1; the others: Defer
	Spares     int     // attempts that come due after these, for what was not foreseen
	Retries    int     // attempts that failures may launch beyond these
	RetryShare float64 // the share of failures that launch one, from 0 to 1
	State      State   // what the controller takes the upstream's state for
	Rule       Rule    // what decided on the plan
	Figures    Figures // what it was decided by

	trusting bool          // whether failing further attempts stop it before the next tick
	bound    string        // the bound of the stagger that holds a gap where it is
	found    time.Duration // the stagger but for that bound
}

// Foreseen returns the most attempts of a call that the plan is for: its fan-out but
// for the spares.
func (p *Plan) Foreseen() int { return min(p.FanOut, 1+p.Hedges+p.Retries) }

// Draws reports whether a further attempt is of the share that the plan sends. The
// draw is a random number from 0 to below 1. A hedge is known by its place, and one
// that was deferred has been drawn.
func (p *Plan) Draws(a hedge.Ask, draw float64) bool {
	switch {
	case !p.Adaptive:
		return true
	case a.Trigger == hedge.Failure:
		return draw < p.RetryShare
	default:
		return a.Place != p.Hedges-1 || a.Deferred || draw < p.HedgeShare
	}
}

// State is what the controller takes the upstream's state for. Plans that are not
// adaptive have none.
type State string

// The states.
const (
	Cold               State = "cold"                // too little is known
	Steady             State = "steady"              // as it has been
	Shift              State = "shift"               // its latency has changed
	Peak               State = "peak"                // it loses more than it did
	OverloadQueueing   State = "overload-queueing"   // it is slower as a whole: requests queue
	OverloadCorrelated State = "overload-correlated" // further attempts fail as first ones do
	OverloadHold       State = "overload-hold"       // calm again, and not yet trusted
)

// Rule is what decided on a plan.
type Rule string

// The rules.
const (
	TargetMet   Rule = "target-met"   // the least load that reaches the success target
	BudgetBound Rule = "budget-bound" // the best that the budget pays for
	Tail        Rule = "tail"         // the target is reached, and what is left shortens the tail
	NoGain      Rule = "no-gain"      // no further attempt would help
	Stopped     Rule = "stopped"      // the overload gate is shut
	Given       Rule = "given"        // the policy says so: nothing was searched for
)

// Figures are what a plan was decided by. Shares are from 0 to 1.
type Figures struct {
	FailureRate float64       `json:"failureRate"`    // of first attempts: not answered acceptably by the deadline
	Explicit    float64       `json:"explicit"`       // of it, failed explicitly
	Planned     float64       `json:"plannedSuccess"` // by the deadline, as planned
	Cost        float64       `json:"cost"`           // further attempts per call, as planned
	Budget      float64       `json:"budget"`         // further attempts per call that the plan may cost
	Stock       float64       `json:"stock"`          // tokens
	OfHedges    float64       `json:"conditionalOfHedges"`
	OfRetries   float64       `json:"conditionalOfRetries"` // success of a further attempt ÷ that of a first one of the same age
	Efficacy    float64       `json:"efficacy"`             // successes ÷ ended, of further attempts
	Gradient    float64       `json:"gradient"`             // the median ÷ the least median of the last minute
	Gate        float64       `json:"gate"`                 // 1 open to 0 shut
	Horizon     time.Duration `json:"horizon"`              // by when the target is kept, for the tail; else the deadline
}
