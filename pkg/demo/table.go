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

// column is one figure of the table.
type column struct {
	title  string
	text   func(summary) string
	better func(a, b summary) bool
}

// columns are the figures of the table, in their order.
func columns() []column {
	latency := func(title string, of func(summary) time.Duration) column {
		return column{
			title:  title,
			text:   func(s summary) string { return milliseconds(of(s)) },
			better: func(a, b summary) bool { return of(a) < of(b) },
		}
	}
	return []column{
		{
			title:  "in time",
			text:   func(s summary) string { return fmt.Sprintf("%.3f %%", 100*s.successRatio()) },
			better: func(a, b summary) bool { return a.successRatio() > b.successRatio() },
		},
		latency("p50", func(s summary) time.Duration { return s.p50 }),
		latency("p99", func(s summary) time.Duration { return s.p99 }),
		latency("p99.9", func(s summary) time.Duration { return s.p999 }),
		{
			title:  "extra load",
			text:   func(s summary) string { return fmt.Sprintf("%.1f %%", 100*s.extraLoad) },
			better: func(a, b summary) bool { return a.extraLoad < b.extraLoad },
		},
	}
}

// writeTable writes a row for each result, the best value of each column
// marked with a star. What is shown equal is marked equal.
func writeTable(w io.Writer, c comparison) error {
	const nameWidth, valueWidth = 20, 12
	var b strings.Builder
	cell := func(text string) {
		b.WriteString(strings.Repeat(" ", max(valueWidth-utf8.RuneCountInString(text), 1)) + text)
	}
	fmt.Fprintf(&b, "  %-*s", nameWidth, "strategy")
	for _, column := range columns() {
		cell(column.title)
		b.WriteByte(' ')
	}
	b.WriteByte('\n')
	for _, r := range c.results {
		name := r.title()
		if r.chosen {
			name += " ◂"
		}
		b.WriteString("  " + name + strings.Repeat(" ", max(nameWidth-utf8.RuneCountInString(name), 0)))
		for _, column := range columns() {
			text := column.text(r.summary)
			cell(text)
			b.WriteByte(mark(text == best(column, c.results)))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\n  * best of its column   ◂ the best sequential retry: the rival\n"+
		"  in time: 2xx, read to the end, within %v of the instant the call was due\n"+
		"  p50 to p99.9: from that instant; a call that failed counts as %v or its own time, the longer\n"+
		"  extra load: attempts that arrived at the replicas ÷ calls − 1\n"+
		"  the upstream, measured before: median %s, p99 %s; the fixed stagger is twice that median\n",
		c.deadline, c.deadline, milliseconds(c.known.median), milliseconds(c.known.p99))
	if busy := slices.MaxFunc(c.results, func(a, b result) int { return cmp.Compare(a.lag, b.lag) }); busy.lag > busyLag {
		fmt.Fprintf(&b, "\n  This machine was busy with something else: of %s, one call in a hundred was sent\n"+
			"  %v late or more. Such latencies are the machine's: run it again when it is quiet.\n", busy.title(), busy.lag.Round(time.Millisecond))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mark(best bool) byte {
	if best {
		return '*'
	}
	return ' '
}

// best returns a column's best value as it is shown.
func best(c column, results []result) string {
	leader := results[0].summary
	for _, r := range results[1:] {
		if c.better(r.summary, leader) {
			leader = r.summary
		}
	}
	return c.text(leader)
}
