package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// WriteJSON writes the report for other programs.
func (r Report) WriteJSON(w io.Writer) error {
	results := append([]Result{}, r.Results...) // never null
	for i := range results {
		results[i].cut()
	}
	r.Results = results
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// cut leaves out the digits that mean nothing.
func (r *Result) cut() {
	for _, ratio := range [...]*float64{&r.SuccessRatio, &r.ExtraLoad} {
		*ratio = digits(*ratio, 6)
	}
	for _, ms := range [...]*float64{&r.P50MS, &r.P99MS, &r.P999MS, &r.LastMissS} {
		*ms = digits(*ms, 3)
	}
	if r.WithinRatio != nil {
		within := digits(*r.WithinRatio, 6)
		r.WithinRatio = &within
	}
}

func digits(v float64, n int) float64 {
	shift := math.Pow10(n)
	return math.Round(v*shift) / shift
}

// column is one figure of the table.
type column struct {
	title string
	text  func(Result) string
	value func(Result) float64 // the less, the better
}

// columns are the figures of the table, in their order.
func (r Report) columns() []column {
	share := func(v float64) string { return fmt.Sprintf("%.3f %%", 100*v) }
	latency := func(title string, of func(Result) float64) column {
		return column{title, func(x Result) string { return fmt.Sprintf("%.1f ms", of(x)) }, of}
	}
	all := []column{
		{"success", func(x Result) string { return share(x.SuccessRatio) }, func(x Result) float64 { return -x.SuccessRatio }},
		latency("p50", func(x Result) float64 { return x.P50MS }),
		latency("p99", func(x Result) float64 { return x.P99MS }),
		latency("p99.9", func(x Result) float64 { return x.P999MS }),
		{"extra load", func(x Result) string { return fmt.Sprintf("%.2f %%", 100*x.ExtraLoad) }, func(x Result) float64 { return x.ExtraLoad }},
	}
	if r.MarkMS > 0 {
		title := fmt.Sprintf("in %g ms", r.MarkMS)
		all = append(all, column{title, func(x Result) string { return share(*x.WithinRatio) }, func(x Result) float64 { return -*x.WithinRatio }})
	}
	if r.Disturbed {
		all = append(all, column{"recovery", recoveryText, func(x Result) float64 {
			if x.RecoveryS == nil {
				return math.Inf(1)
			}
			return *x.RecoveryS
		}})
	}
	return all
}

func recoveryText(x Result) string {
	if x.RecoveryS == nil {
		return "never"
	}
	return fmt.Sprintf("%.2f s", *x.RecoveryS)
}

// WriteTable writes a row for each strategy, the best value of each column marked
// with a star. What is shown equal is marked equal.
func (r Report) WriteTable(w io.Writer) error {
	const nameWidth, valueWidth = 16, 12
	var b strings.Builder
	calls := fmt.Sprintf("%d calls", r.Calls)
	if r.Leaves > 1 {
		calls = fmt.Sprintf("%d root calls of %d leaf calls each", r.Calls/r.Leaves, r.Leaves)
	}
	fmt.Fprintf(&b, "%s, seed %d: %s in %.4g s, deadline %g ms, budget %g %%\n\n", r.Scenario, r.Seed, calls, r.DurationS, r.DeadlineMS, r.BudgetPercent)
	cell := func(text string, mark byte) {
		b.WriteString(strings.Repeat(" ", max(valueWidth-utf8.RuneCountInString(text), 1)) + text)
		b.WriteByte(mark)
	}
	columns := r.columns()
	fmt.Fprintf(&b, "  %-*s", nameWidth, "strategy")
	for _, c := range columns {
		cell(c.title, ' ')
	}
	b.WriteByte('\n')
	for _, x := range r.Results {
		fmt.Fprintf(&b, "  %-*s", nameWidth, x.Name)
		for _, c := range columns {
			mark := byte(' ')
			if c.text(x) == c.best(r.Results) {
				mark = '*'
			}
			cell(c.text(x), mark)
		}
		b.WriteByte('\n')
	}
	r.writeNotes(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// best returns the column's best value as it is shown.
func (c column) best(results []Result) string {
	leader := slices.MinFunc(results, func(a, b Result) int {
		switch x, y := c.value(a), c.value(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		default:
			return 0
		}
	})
	return c.text(leader)
}

func (r Report) writeNotes(b *strings.Builder) {
	fmt.Fprintf(b, "\n  * best of its column; success: answered acceptably within %g ms;\n"+
		"  a call without such an answer counts as %g ms; extra load: attempts ÷ calls − 1\n", r.DeadlineMS, r.DeadlineMS)
	if r.Disturbed {
		b.WriteString("  recovery: from the end of the last disturbance until success was back at 99 % of the usual\n")
	}
	for _, x := range r.Results {
		if x.Setting != "" {
			fmt.Fprintf(b, "  %s: %s\n", x.Name, x.Setting)
		}
	}
}
