package demo

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// timelineWidth is how many columns the plan over time is given.
const timelineWidth = 78

// writeTimeline draws a strategy's plan over time, below what troubled the
// upstream.
func writeTimeline(w io.Writer, c comparison, r *result) error {
	var b strings.Builder
	line := func(title, text string) { fmt.Fprintf(&b, "  %-13s%s\n", title, strings.TrimRight(text, " ")) }
	fmt.Fprintf(&b, "The plan of %s over time\n\n", r.title())
	for _, t := range c.tracks {
		line(t.title, strip(t, c.duration))
	}
	columns := columnsOf(r.plans, c.duration)
	line("hedges", each(columns, func(p plan) string { return fmt.Sprint(p.Hedges) }))
	least, most := offsets(columns)
	if most > 0 {
		line("first offset", each(columns, func(p plan) string { return level(p, least, most) }))
	}
	line("state", each(columns, func(p plan) string { return signOf(p.State) }))
	line("", ruler(c.duration.Seconds(), "s", timelineWidth))
	b.WriteString("\n  hedges: the attempts of a call that come due by stagger; failures are retried besides\n")
	if most > 0 {
		fmt.Fprintf(&b, "  first offset: when the first hedge is due, from ▁ %s to █ %s\n", milliseconds(least), milliseconds(most))
	}
	fmt.Fprintf(&b, "  state: %s\n", legendOf(columns))
	_, err := io.WriteString(w, b.String())
	return err
}

// columnsOf returns the plan in force at the end of each column's time, nil
// before the first.
func columnsOf(plans []planned, duration time.Duration) []*plan {
	columns := make([]*plan, timelineWidth)
	next := 0
	var current *plan
	for i := range columns {
		end := duration * time.Duration(i+1) / timelineWidth
		for next < len(plans) && plans[next].at <= end {
			current = &plans[next].plan
			next++
		}
		columns[i] = current
	}
	return columns
}

// each writes one sign for each column.
func each(columns []*plan, sign func(plan) string) string {
	var b strings.Builder
	for _, p := range columns {
		if p == nil {
			b.WriteByte(' ')
			continue
		}
		b.WriteString(sign(*p))
	}
	return b.String()
}

// strip draws when something troubled the upstream.
func strip(t track, duration time.Duration) string {
	signs := []rune(strings.Repeat("·", timelineWidth))
	for _, p := range t.peaks {
		from := int(p.from * timelineWidth / duration)
		to := int(math.Ceil(float64(p.to) * timelineWidth / float64(duration)))
		for i := from; i < min(max(to, from+1), timelineWidth); i++ {
			signs[i] = '▆'
		}
	}
	return string(signs)
}

// offsets returns the least and the greatest offset of a first hedge; 0 and 0
// if no plan has one.
func offsets(columns []*plan) (least, most time.Duration) {
	for _, p := range columns {
		if p == nil {
			continue
		}
		if d, ok := p.offset(); ok {
			if most == 0 || d < least {
				least = d
			}
			most = max(most, d)
		}
	}
	return least, most
}

// level is the height of an offset between the least and the greatest, by
// factors.
func level(p plan, least, most time.Duration) string {
	d, ok := p.offset()
	if !ok {
		return " "
	}
	levels := []rune("▁▂▃▄▅▆▇█")
	position := func(d time.Duration) float64 { return math.Log1p(float64(d)) }
	share := 0.0
	if most > least {
		share = (position(d) - position(least)) / (position(most) - position(least))
	}
	return string(levels[int(math.Round(share*float64(len(levels)-1)))])
}

// signs are what stands for a state of the controller.
func signs() []struct{ state, sign string } {
	return []struct{ state, sign string }{
		{"", "-"}, {"cold", "c"}, {"steady", "·"}, {"moved", "m"}, {"overload", "O"}, {"pushback", "P"},
	}
}

func signOf(state string) string {
	for _, s := range signs() {
		if s.state == state {
			return s.sign
		}
	}
	return "?"
}

// legendOf says what the signs of the states that occurred stand for.
func legendOf(columns []*plan) string {
	var words []string
	for _, s := range signs() {
		if slices.ContainsFunc(columns, func(p *plan) bool { return p != nil && p.State == s.state }) {
			state := s.state
			if state == "" {
				state = "not adaptive"
			}
			words = append(words, s.sign+" "+state)
		}
	}
	if len(words) == 0 {
		return "not seen"
	}
	return strings.Join(words, ", ")
}
