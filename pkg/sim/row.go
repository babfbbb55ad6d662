package sim

import (
	"cmp"
	"fmt"
	"slices"
)

// Row is what one scenario of a suite came to. Its figures are means over the seeds.
type Row struct {
	Scenario   string   `json:"scenario"`
	Calls      int      `json:"calls"` // of each seed
	DeadlineMS float64  `json:"deadline_ms"`
	Allowed    float64  `json:"allowed"` // the extra load that the budget pays for
	Best       string   `json:"best"`    // the best honest rival within it; empty: there is none
	Lost       []string `json:"lost"`    // why adaptive is not the best choice; empty: it is
	// HedgesAgain is the longest that adaptive's plan went without an early hedge after a
	// disturbance, in time with traffic, of those before which it had one.
	HedgesAgain Again    `json:"hedges_again_s,omitzero"`
	Results     []Result `json:"results"` // in the order of the strategies
}

// rivalTable are the strategies that an engineer could have chosen instead.
var rivalTable = [...]string{noHedge, sequentialRetry, "fixed-stagger", "percentile", bestStatic}

// A row is lost by more than these.
const (
	closeSuccess = 0.0003 // of a rival's success
	closeNone    = 0.0005 // of success without hedging
	closeTail    = 0.85   // of adaptive's p99.9
	closeLoad    = 1.02   // of what the budget allows
)

// newRow makes the row of a scenario's reports, one of each seed.
func newRow(s *Scenario, reports []Report) Row {
	first := &reports[0]
	row := Row{Scenario: first.Scenario, Calls: first.Calls, DeadlineMS: first.DeadlineMS, Lost: []string{}}
	for _, r := range reports {
		row.Allowed += r.allowed(s.Daemons) / float64(len(reports))
	}
	for i := range first.Results {
		var same []Result
		for _, r := range reports {
			same = append(same, r.Results[i])
		}
		row.Results = append(row.Results, row.mean(same))
		for _, x := range same {
			row.HedgesAgain = row.HedgesAgain.worse(x.again)
		}
	}
	row.judge()
	return row
}

// allowed is the extra load that the budgets of so many daemons pay for, on average.
func (r *Report) allowed(daemons int) float64 {
	floor := r.minPerSecond * float64(daemons) * r.DurationS / float64(r.Calls)
	return max(r.BudgetPercent/100, floor)
}

// mean returns the mean over seeds of one strategy's results. Of several settings it
// is the best one of those that the budget allows, the same for all seeds; the best of all if
// it allows none.
func (r *Row) mean(results []Result) Result {
	if len(results[0].variants) == 0 {
		return meanOf(results)
	}
	var all, within []Result
	for i := range results[0].variants {
		var same []Result
		for _, x := range results {
			same = append(same, x.variants[i])
		}
		m := meanOf(same)
		all = append(all, m)
		if r.affords(&m) {
			within = append(within, m)
		}
	}
	if len(within) > 0 {
		return bestVariant(within)
	}
	return bestVariant(all)
}

func meanOf(results []Result) Result {
	m := Result{Name: results[0].Name, Setting: results[0].Setting}
	for _, x := range results {
		part := 1 / float64(len(results))
		m.SuccessRatio += part * x.SuccessRatio
		m.P50MS += part * x.P50MS
		m.P99MS += part * x.P99MS
		m.P999MS += part * x.P999MS
		m.ExtraLoad += part * x.ExtraLoad
		m.LastMissS = max(m.LastMissS, x.LastMissS)
	}
	return m
}

func (r *Row) affords(x *Result) bool { return x.ExtraLoad <= closeLoad*r.Allowed }

// result returns a strategy's, or nil if it was not played.
func (r *Row) result(name string) *Result {
	i := slices.IndexFunc(r.Results, func(x Result) bool { return x.Name == name })
	if i < 0 {
		return nil
	}
	return &r.Results[i]
}

// judge finds the best rival, and why the row is lost.
func (r *Row) judge() {
	own := r.result(champion)
	var rivals []*Result
	for _, name := range rivalTable {
		if x := r.result(name); x != nil && r.affords(x) {
			rivals = append(rivals, x)
		}
	}
	if len(rivals) > 0 {
		r.Best = bestRival(rivals).Name
	}
	if own == nil {
		return
	}
	lost := func(format string, args ...any) { r.Lost = append(r.Lost, fmt.Sprintf(format, args...)) }
	if len(rivals) > 0 {
		most, quickest := mostAnswers(rivals), leastTail(rivals)
		if ahead := most.SuccessRatio - own.SuccessRatio; ahead > closeSuccess {
			lost("%s answers %.2f points more", most.Name, 100*ahead)
		}
		if quickest.P999MS < closeTail*own.P999MS {
			lost("p99.9 %.3g ms where %s has %.3g", own.P999MS, quickest.Name, quickest.P999MS)
		}
	}
	if without := r.result(none); without != nil && without.SuccessRatio-own.SuccessRatio > closeNone {
		lost("%s answers %.2f points more", none, 100*(without.SuccessRatio-own.SuccessRatio))
	}
	if !r.affords(own) {
		lost("extra load %.2f %% where the budget allows %.2f %%", 100*own.ExtraLoad, 100*r.Allowed)
	}
}

func mostAnswers(rivals []*Result) *Result {
	return slices.MaxFunc(rivals, func(a, b *Result) int { return cmp.Compare(a.SuccessRatio, b.SuccessRatio) })
}

func leastTail(rivals []*Result) *Result {
	return slices.MinFunc(rivals, func(a, b *Result) int { return cmp.Compare(a.P999MS, b.P999MS) })
}

// bestRival returns the one with the least p99.9 of those whose success is as good as
// the best.
func bestRival(rivals []*Result) *Result {
	most := mostAnswers(rivals).SuccessRatio
	return leastTail(slices.DeleteFunc(slices.Clone(rivals), func(x *Result) bool { return most-x.SuccessRatio > closeSuccess }))
}
