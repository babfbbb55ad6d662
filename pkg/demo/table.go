package demo

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// busyLag is the delay of one call in a hundred above which the latencies are
// not to be trusted.
const busyLag = 5 * time.Millisecond

// usualFigures are the columns of every scenario's table, in their order.
func usualFigures() []figure {
	latency := func(title string, of func(*result) time.Duration) figure {
		return figure{
			title: title,
			value: func(_ *comparison, r *result) float64 { return inMilliseconds(of(r)) },
			write: func(ms float64) string { return fmt.Sprintf("%.1f ms", ms) },
		}
	}
	return []figure{
		{
			title: "in time", more: true, write: inPercent,
			value: func(_ *comparison, r *result) float64 { return r.successRatio() },
		},
		latency("p50", func(r *result) time.Duration { return r.p50 }),
		latency("p99", func(r *result) time.Duration { return r.p99 }),
		latency("p99.9", func(r *result) time.Duration { return r.p999 }),
		{
			title: "extra load",
			value: func(_ *comparison, r *result) float64 { return r.extraLoad },
			write: func(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) },
		},
	}
}

// figures are the columns of the table: the usual ones, and after the calls in
// time what the scenario adds.
func (c *comparison) figures() []figure {
	usual := usualFigures()
	return slices.Concat(usual[:1], c.scenario.figures, usual[1:])
}

// writeTable writes a row for each result, the best value of each column
// marked with a star. What is shown equal is marked equal.
func writeTable(w io.Writer, c comparison) error {
	rows := [][]string{{"strategy"}}
	for _, r := range c.results {
		name := r.title()
		if r.chosen {
			name += " ◂"
		}
		rows = append(rows, []string{name})
	}
	for _, f := range c.figures() {
		rows[0] = append(rows[0], f.title+" ")
		best := f.best(&c)
		for i := range c.results {
			text := f.write(f.value(&c, &c.results[i]))
			rows[i+1] = append(rows[i+1], text+mark(text == best))
		}
	}
	var b strings.Builder
	writeAligned(&b, rows)
	b.WriteString("\n" + c.legend())
	if busy := slices.MaxFunc(c.results, func(a, b result) int { return cmp.Compare(a.lag, b.lag) }); busy.lag > busyLag {
		fmt.Fprintf(&b, "\n  This machine was busy with something else: of %s, one call in a hundred was sent\n"+
			"  %v late or more. Such latencies are the machine's: run it again when it is quiet.\n", busy.title(), busy.lag.Round(time.Millisecond))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeAligned writes the first column to the left and the others to the right.
func writeAligned(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for _, row := range rows {
		for i, text := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if i == 0 {
				b.WriteString("  " + text + space)
			} else {
				b.WriteString(" " + space + text)
			}
		}
		b.WriteByte('\n')
	}
}

// legend says what the table's words and signs mean.
func (c *comparison) legend() string {
	var b strings.Builder
	b.WriteString("  * best of its column")
	if len(c.rivals()) < len(c.results) {
		b.WriteString("   ◂ the best sequential retry: the rival")
	}
	fmt.Fprintf(&b, "\n  in time: 2xx, read to the end, within %v of the instant the call was due\n", c.deadline)
	for _, f := range c.scenario.figures {
		if f.means != "" {
			fmt.Fprintf(&b, "  %s\n", f.means)
		}
	}
	fmt.Fprintf(&b, "  p50 to p99.9: from that instant; a call that failed counts as %v or its own time, the longer\n"+
		"  extra load: attempts that arrived at the replicas ÷ calls − 1\n"+
		"  the upstream, measured before: median %s, p99 %s", c.deadline, milliseconds(c.known.median), milliseconds(c.known.p99))
	if c.scenario.note != "" {
		b.WriteString("; " + c.scenario.note)
	}
	b.WriteByte('\n')
	return b.String()
}

func mark(best bool) string {
	if best {
		return "*"
	}
	return " "
}

// best returns the figure's best value as it is shown.
func (f figure) best(c *comparison) string {
	leader := f.value(c, &c.results[0])
	for i := range c.results[1:] {
		if value := f.value(c, &c.results[i+1]); (value > leader) == f.more && value != leader {
			leader = value
		}
	}
	return f.write(leader)
}
