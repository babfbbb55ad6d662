package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"hedged.dev/hedged/pkg/sim"
)

// comparisonOfTwo is a scenario as it was played on sockets beside what the simulator
// makes of it.
type comparisonOfTwo struct {
	scenario *sim.Scenario
	seed     uint64
	rows     []twoRows // of the last run
	control  lateness
	voids    []lateness // of the runs that were void
}

// twoRows are the figures of one strategy.
type twoRows struct {
	name      string
	attempts  int // that arrived at the replicas
	live      summary
	simulated summary
}

// take puts in a run on sockets with the simulator's report, in place of an earlier one.
func (c *comparisonOfTwo) take(live *performance, report sim.Report) {
	c.control, c.rows = live.control, nil
	for _, one := range live.parts {
		row := twoRows{name: one.name}
		warm := 0
		for warm < len(one.samples) && one.samples[warm].at < c.scenario.WarmUp {
			warm++
		}
		deadline := c.scenario.Policy.Deadline
		row.attempts = one.tally.attempts(warm)
		row.live = summarize(one.samples[warm:], row.attempts, deadline)
		// A call without an answer counts as the deadline, as it does in the simulator.
		for _, p := range [...]*time.Duration{&row.live.p50, &row.live.p99, &row.live.p999} {
			*p = min(*p, deadline)
		}
		for _, r := range report.Results {
			if r.Name == one.name {
				row.simulated = summaryOf(r, row.live.calls)
			}
		}
		c.rows = append(c.rows, row)
	}
}

// summaryOf is a simulator's result of so many calls.
func summaryOf(r sim.Result, calls int) summary {
	duration := func(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
	return summary{
		calls: calls, successes: int(r.SuccessRatio*float64(calls) + 0.5),
		p50: duration(r.P50MS), p99: duration(r.P99MS), p999: duration(r.P999MS), extraLoad: r.ExtraLoad,
	}
}

// void reports whether no run was good.
func (c *comparisonOfTwo) void() bool { return c.control.bad() }

// writeTable writes two rows for each strategy.
func (c *comparisonOfTwo) writeTable(w io.Writer) error {
	rows := [][]string{{"strategy", "calls", "attempts", "in time", "p50", "p99", "p99.9", "extra load"}}
	add := func(title, attempts string, s summary) {
		rows = append(rows, []string{
			title, fmt.Sprint(s.calls), attempts, inPercent(s.successRatio()),
			tenths(s.p50), tenths(s.p99), tenths(s.p999), fmt.Sprintf("%.2f %%", 100*s.extraLoad),
		})
	}
	for _, r := range c.rows {
		add(r.name+", live", fmt.Sprint(r.attempts), r.live)
		add("  simulated", fmt.Sprintf("%.0f", float64(r.simulated.calls)*(1+r.simulated.extraLoad)), r.simulated)
	}
	var b strings.Builder
	s := c.scenario
	fmt.Fprintf(&b, "%s, seed %d: %d calls to %d replicas by %d %s, deadline %v, budget %g %%\n\n",
		s.Name, c.seed, s.Calls, s.Upstream.Endpoints, s.Daemons, plural(s.Daemons, "daemon", "daemons"), s.Policy.Deadline, s.Policy.Budget.Percent)
	writeAligned(&b, rows)
	fmt.Fprintf(&b, "\n  in time: answered acceptably within %[1]v; a call without such an answer counts as %[1]v\n"+
		"  extra load: attempts that arrived at the replicas ÷ calls − 1\n", s.Policy.Deadline)
	if s.WarmUp > 0 {
		fmt.Fprintf(&b, "  counted: calls that arrived after the first %v\n", s.WarmUp)
	}
	fmt.Fprintf(&b, "  control: %v\n", c.control)
	if c.void() {
		fmt.Fprintf(&b, "  VOID: in %d runs this machine was busy with something else; run it again when it is quiet\n", len(c.voids))
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func tenths(d time.Duration) string { return fmt.Sprintf("%.1f ms", inMilliseconds(d)) }

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// reportOfTwo is the comparison as --output json writes it.
type reportOfTwo struct {
	Situation  string        `json:"situation"`
	Seed       uint64        `json:"seed"`
	Calls      int           `json:"calls"` // in all; those of the strategies are the counted ones
	DeadlineMS float64       `json:"deadline_ms"`
	Control    reportControl `json:"control"`
	// The controls of the runs before, which were void.
	VoidRuns   []reportControl    `json:"void_runs"`
	Void       bool               `json:"void"` // whether this one is void too
	Strategies []reportStrategies `json:"strategies"`
}

type reportControl struct {
	Calls     int     `json:"calls"`
	LateP99MS float64 `json:"late_p99_ms"` // how much longer one direct call in a hundred took than in the model
}

type reportStrategies struct {
	Name      string     `json:"name"`
	Attempts  int        `json:"attempts"` // that arrived at the replicas
	LagP99MS  float64    `json:"lag_p99_ms"`
	Live      reportPart `json:"live"`
	Simulated reportPart `json:"simulated"`
}

type reportPart struct {
	Calls        int     `json:"calls"`
	SuccessRatio float64 `json:"success_ratio"`
	P50MS        float64 `json:"p50_ms"`
	P99MS        float64 `json:"p99_ms"`
	P999MS       float64 `json:"p999_ms"`
	ExtraLoad    float64 `json:"extra_load"`
}

func newReportControl(l lateness) reportControl {
	return reportControl{Calls: l.calls, LateP99MS: roundedMS(l.p99)}
}

func newReportPart(s summary) reportPart {
	return reportPart{
		Calls: s.calls, SuccessRatio: rounded(s.successRatio()),
		P50MS: roundedMS(s.p50), P99MS: roundedMS(s.p99), P999MS: roundedMS(s.p999), ExtraLoad: rounded(s.extraLoad),
	}
}

// writeComparisonsOfTwo writes comparisons for other programs.
func writeComparisonsOfTwo(w io.Writer, all []comparisonOfTwo) error {
	reports := []reportOfTwo{}
	for i := range all {
		c := &all[i]
		r := reportOfTwo{
			Situation: c.scenario.Name, Seed: c.seed, Calls: c.scenario.Calls,
			DeadlineMS: inMilliseconds(c.scenario.Policy.Deadline),
			Control:    newReportControl(c.control), VoidRuns: []reportControl{}, Void: c.void(),
		}
		for _, v := range c.voids {
			r.VoidRuns = append(r.VoidRuns, newReportControl(v))
		}
		for _, row := range c.rows {
			r.Strategies = append(r.Strategies, reportStrategies{
				Name: row.name, Attempts: row.attempts, LagP99MS: roundedMS(row.live.lag),
				Live: newReportPart(row.live), Simulated: newReportPart(row.simulated),
			})
		}
		reports = append(reports, r)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(reports)
}
