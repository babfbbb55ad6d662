package sim

import "time"

// Report is what a simulation came to.
type Report struct {
	Scenario      string   `json:"scenario"`
	Seed          uint64   `json:"seed"`
	Calls         int      `json:"calls"`
	Leaves        int      `json:"leaves,omitempty"` // of each root call, where the figures are the root calls'
	DurationS     float64  `json:"duration_s"`       // until the last call arrived
	DeadlineMS    float64  `json:"deadline_ms"`
	BudgetPercent float64  `json:"budget_percent"`
	MarkMS        float64  `json:"mark_ms,omitempty"`
	Disturbed     bool     `json:"disturbed"` // whether there is anything to recover from
	Results       []Result `json:"results"`   // in the order of the strategies

	scenario     Scenario // for the plots
	minPerSecond float64  // that the budget earns however few calls there are
}

// Result is what a strategy did.
type Result struct {
	Name         string  `json:"name"`
	SuccessRatio float64 `json:"success_ratio"` // answered acceptably by the deadline
	P50MS        float64 `json:"p50_ms"`        // a call without an answer counts as the deadline
	P99MS        float64 `json:"p99_ms"`
	P999MS       float64 `json:"p999_ms"`
	ExtraLoad    float64 `json:"extra_load"` // attempts ÷ calls − 1
	// RecoveryS is the time from the end of the last disturbance until success was
	// back to 99 % of the usual and stayed; 0 without a disturbance, null if it never was.
	RecoveryS   *float64 `json:"recovery_s"`
	LastMissS   float64  `json:"last_miss_s"`            // when the last call arrived that got no answer in time; 0: none
	WithinRatio *float64 `json:"within_ratio,omitempty"` // answered within the mark
	Setting     string   `json:"setting,omitempty"`      // what the strategy was set to

	again    Again    // how long the plan went without a hedge after a disturbance
	variants []Result // with each setting that was tried, if the strategy has several

	AttemptTimeout time.Duration `json:"-"` // that sequential retry was best with

	Timeline []Slot      `json:"-"` // each 250 ms
	Plans    []PlanPoint `json:"-"` // of the adaptive strategy, each 100 ms and daemon
}

// result makes the result of a run that has ended.
func (r *run) result(name string, usual float64) Result {
	t := &r.tally
	t.sort()
	res := Result{
		Name:      name,
		P50MS:     milliseconds(t.percentile(0.5)),
		P99MS:     milliseconds(t.percentile(0.99)),
		P999MS:    milliseconds(t.percentile(0.999)),
		LastMissS: time.Duration(t.lastMiss).Seconds(),
		RecoveryS: r.recovery(usual),
		Timeline:  t.slots,
		Plans:     t.plans,
		again:     r.hedgesAgain(),
	}
	if t.roots > 0 {
		res.SuccessRatio = float64(len(t.answers)) / float64(t.roots)
		res.ExtraLoad = float64(t.attempts)/float64(t.leaves) - 1
	}
	if t.mark > 0 && t.roots > 0 {
		within := float64(t.within) / float64(t.roots)
		res.WithinRatio = &within
	}
	return res
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
