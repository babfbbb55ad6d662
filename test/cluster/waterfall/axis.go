package waterfall

import (
	"math"
	"strconv"
	"time"

	"hedged.dev/hedged/test/cluster/trace"
)

// axis maps instants to places, from the start of a trace's first span.
type axis struct {
	begin time.Time
	span  time.Duration
}

func axisOf(t *trace.Trace) axis {
	a := axis{}
	for i := range t.Spans {
		s := &t.Spans[i]
		if a.begin.IsZero() || s.Start.Before(a.begin) {
			a.begin = s.Start
		}
	}
	for i := range t.Spans {
		a.span = max(a.span, t.Spans[i].End.Sub(a.begin))
	}
	a.span = max(a.span, time.Microsecond)
	return a
}

func (a axis) place(at time.Time) float64 {
	share := float64(at.Sub(a.begin)) / float64(a.span)
	return barsFrom + min(max(share, 0), 1)*(barsTo-barsFrom)
}

// ticks are the round times that the axis is marked with.
func (a axis) ticks() []time.Duration {
	rough := float64(a.span) / 8
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	step := 10 * power
	for _, factor := range []float64{1, 2, 5} {
		if factor*power >= rough {
			step = factor * power
			break
		}
	}
	var all []time.Duration
	for n := 0; float64(n)*step <= float64(a.span); n++ {
		all = append(all, time.Duration(math.Round(float64(n)*step)))
	}
	return all
}

// grid draws the axis above the rows, and its lines behind them.
func (p *picture) grid(from, to float64) {
	for _, t := range p.axis.ticks() {
		x := p.axis.place(p.axis.begin.Add(t))
		p.line(x, from-6, x, to, "grid")
		p.centred(x, from-12, "soft small", strconv.FormatFloat(t.Seconds()*1e3, 'f', -1, 64))
	}
	p.text(resultsAt, from-12, "soft small", "ms since the call began", width-margin-resultsAt)
}
