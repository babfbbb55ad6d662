package waterfall

import (
	"strconv"
	"time"

	"hedged.dev/hedged/test/cluster/trace"
)

// The picture's measures. Texts have columns of their own beside the bars, so that
// none meets another.
const (
	width     = 1000.0
	margin    = 24.0
	barsFrom  = 290.0
	barsTo    = 770.0
	resultsAt = 786.0
	headTo    = 104.0 // the end of title and axis
	rowHeight = 44.0
	barHeight = 20.0 // of hedged; others have thinner ones
	indent    = 16.0
	footer    = 56.0
)

// Draw returns the picture of a trace. The title is what stands above it.
func Draw(t *trace.Trace, title string) []byte {
	rows := rowsOf(t)
	p := &picture{axis: axisOf(t), colours: coloursOf(t)}
	height := headTo + rowHeight*float64(len(rows)) + footer

	p.text(margin, 36, "title", title, width-2*margin)
	p.text(margin, 58, "soft", summary(t), width-2*margin)
	p.grid(headTo, height-footer)
	for i := range rows {
		p.row(&rows[i], headTo+rowHeight*float64(i))
	}
	for i := range rows {
		if a := rows[i].attempt; a != nil && a.Outcome() == "won" {
			p.answered(p.axis.place(a.Span.End), headTo-6, height-footer)
		}
	}
	p.legend(rows, height-footer+34)
	return p.document(height, title)
}

// row draws one span.
func (p *picture) row(r *row, top float64) {
	left := margin + indent*float64(r.depth)
	middle := top + rowHeight/2
	for depth := range r.depth {
		x := margin + indent*float64(depth) + 5
		p.line(x, top, x, top+rowHeight, "twig")
	}
	colour := p.colours[r.span.Service]
	p.disc(left+5, middle-6, colour)
	p.text(left+16, middle-2, "ink", r.label, barsFrom-left-24)
	p.text(left+16, middle+13, "soft small", r.note, barsFrom-left-24)

	from, to := p.axis.place(r.span.Start), p.axis.place(r.span.End)
	to = max(to, from+2)
	s := shape{middle, heightOf(r.span.Service)}
	class := "ink"
	if r.cut() {
		p.torn(from, to, s, colour)
	} else {
		p.bar(from, to, s, colour)
	}
	if r.span.Error {
		p.failed(from, to, s)
		class = "alert"
	}
	p.text(resultsAt, middle-2, class, r.result, width-margin-resultsAt)
	p.text(resultsAt, middle+13, "soft small", milliseconds(r.span.Took()), width-margin-resultsAt)
}

// heightOf is how high the bars of a service are.
func heightOf(service string) float64 {
	if service == trace.Service {
		return barHeight
	}
	return barHeight * 0.6
}

// summary says what is common to all of a trace's calls.
func summary(t *trace.Trace) string {
	text := "trace " + t.ID
	for _, c := range t.Calls() {
		a := c.Span.Attributes
		text = "policy " + a.Text("hedged.policy") + ", fan-out " + strconv.Itoa(a.Int("hedged.plan.fan_out")) + " · " + text
		break
	}
	return text
}

func milliseconds(d time.Duration) string {
	ms := d.Seconds() * 1e3
	digits := 1
	if ms < 10 {
		digits = 2
	}
	return strconv.FormatFloat(ms, 'f', digits, 64) + " ms"
}
