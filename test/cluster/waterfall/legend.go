package waterfall

import (
	"maps"
	"slices"

	"hedged.dev/hedged/test/cluster/trace"
)

// red marks the end of what failed, besides its words.
const red = "#d1453b"

// palette is what other services than hedged are painted with, in order of their
// names: colours that can be told apart by everybody, on light and on dark.
func palette() []string { return []string{"#e69f00", "#009e73", "#cc79a7", "#7f7f7f"} }

// coloursOf gives each service of a trace its colour.
func coloursOf(t *trace.Trace) map[string]string {
	colours := map[string]string{trace.Service: "#2f81c7"}
	others := map[string]bool{}
	for i := range t.Spans {
		if s := t.Spans[i].Service; s != trace.Service {
			others[s] = true
		}
	}
	for n, s := range slices.Sorted(maps.Keys(others)) {
		colours[s] = palette()[min(n, len(palette())-1)]
	}
	return colours
}

// legend says what the looks of bars mean, of those that are there.
func (p *picture) legend(rows []row, y float64) {
	x := margin
	entry := func(text string, draw func(from, to float64, s shape)) {
		draw(x, x+28, shape{y - 4, barHeight * 0.8})
		p.text(x+36, y, "soft small", text, 400)
		x += 36 + 6.8*float64(len([]rune(text))) + 24
	}
	there := map[string]bool{}
	cut, failed, won := false, false, false
	for i := range rows {
		r := &rows[i]
		there[r.span.Service] = true
		cut, failed = cut || r.cut(), failed || r.span.Error
		won = won || r.attempt != nil && r.attempt.Outcome() == "won"
	}
	ours := p.colours[trace.Service]
	for _, name := range slices.Sorted(maps.Keys(there)) {
		entry(name, func(from, to float64, s shape) {
			p.bar(from, to, shape{s.middle, 0.8 * heightOf(name)}, p.colours[name])
		})
	}
	if cut {
		entry("cancelled: no error", func(from, to float64, s shape) { p.torn(from, to, s, ours) })
	}
	if failed {
		entry("ended with an error", func(from, to float64, s shape) {
			p.bar(from, to, s, ours)
			p.failed(from, to, s)
		})
	}
	if won {
		entry("the winner's answer", func(from, to float64, s shape) {
			p.answered((from+to)/2, s.middle-s.height/2, s.middle+s.height/2)
		})
	}
}
