package demo

import (
	"fmt"
	"math"
	"time"

	"hedged.dev/hedged/pkg/plot"
)

// planPlot draws a strategy's plan over time, over what troubled the upstream:
// how many hedges a call may have, when the first is due, and the success that came of it.
func planPlot(c comparison, r *result) []byte {
	title := "The plan of " + r.title() + ", over time"
	const left, right, gap = 84.0, 836.0, 40.0
	v := &plot.Canvas{Width: 860, Height: 0}
	top := 70 + float64(len(c.tracks))*trackHeight + 36
	subtitle := fmt.Sprintf("Looked at every %v; seed %d, %g calls a second.", watchInterval, c.seed, c.rate)
	if len(c.tracks) > 0 {
		subtitle += " Shaded: " + c.scenario.trouble + "."
	}
	v.Heading(left, title, subtitle)

	x := plot.Scale{To: c.duration.Seconds(), At: left, End: right}
	panel := func(height, from, to float64, warp func(float64) float64) plot.Scale {
		s := plot.Scale{From: from, To: to, At: top, End: top + height, Warp: warp}
		top += height + gap
		return s
	}
	highest := 1
	for _, p := range r.plans {
		highest = max(highest, p.Hedges)
	}
	success := panel(60, 1, lowestSuccess(r, c.duration), nil)
	hedges := panel(60, float64(highest), 0, nil)
	offset := panel(130, inMilliseconds(c.deadline), leastOffset(r.plans), math.Log10)
	v.Height = top + 6
	drawTracks(v, c.tracks, x, 70, []plot.Scale{success, hedges, offset})

	caption := func(y plot.Scale, text string) { v.Text(plot.Point{X: left, Y: y.At - 9}, plot.Label{Text: text}) }
	caption(success, "calls in time, in each quarter second")
	drawSuccesses(v, *r, c.duration, x, success)
	caption(hedges, "hedges: the attempts of a call that come due by stagger")
	var counts []float64
	for n := 0; n <= highest; n++ {
		counts = append(counts, float64(n))
	}
	drawTicks(v, x, plot.Axis{Scale: hedges, Ticks: counts})
	drawPlans(v, r.plans, x, hedges, styleOf(r.name), func(p plan) (float64, bool) { return float64(p.Hedges), true })
	caption(offset, "when the first hedge is due, ms; no line: there is none")
	drawTicks(v, x, plot.Axis{Scale: offset, Ticks: plot.LogSteps(offset.To, offset.From)})
	drawPlans(v, r.plans, x, offset, styleOf(r.name), func(p plan) (float64, bool) {
		d, ok := p.offset()
		return inMilliseconds(d), ok
	})
	drawSeconds(v, x, offset.End)
	return v.Document(title)
}

// drawTicks draws the grid of a panel that has its time written elsewhere.
func drawTicks(v *plot.Canvas, x plot.Scale, y plot.Axis) {
	for _, tick := range y.Ticks {
		v.Line(plot.Point{X: x.At, Y: y.Place(tick)}, plot.Point{X: x.End, Y: y.Place(tick)}, plot.Style{Colour: plot.Lines, Width: 1})
		v.Text(plot.Point{X: x.At - 8, Y: y.Place(tick) + 4}, plot.Label{Text: plot.Number(tick), Anchor: plot.End, Colour: plot.Soft, Size: 11})
	}
}

// drawPlans draws one figure of the plans as a step line, with gaps where it has
// no value.
func drawPlans(v *plot.Canvas, plans []planned, x, y plot.Scale, look plot.Style, value func(plan) (float64, bool)) {
	var steps []plot.Point
	flush := func() {
		if len(steps) > 0 {
			v.Polyline(steps, look)
		}
		steps = nil
	}
	for i, p := range plans {
		height, ok := value(p.plan)
		if !ok {
			flush()
			continue
		}
		until := x.To
		if i+1 < len(plans) {
			until = plans[i+1].at.Seconds()
		}
		steps = append(steps, plot.Point{X: x.Place(p.at.Seconds()), Y: y.Place(height)}, plot.Point{X: x.Place(until), Y: y.Place(height)})
	}
	flush()
}

// lowestSuccess is the tenth at or below the least share of calls in time.
func lowestSuccess(r *result, duration time.Duration) float64 {
	lowest := 0.9
	for _, share := range successes(r.samples, duration) {
		lowest = min(lowest, math.Floor(10*share)/10)
	}
	return lowest
}

// leastOffset is the power of ten at or below the least offset, in milliseconds.
func leastOffset(plans []planned) float64 {
	least := 1.0
	for _, p := range plans {
		if d, ok := p.offset(); ok {
			least = min(least, math.Pow(10, math.Floor(math.Log10(max(inMilliseconds(d), 0.1)))))
		}
	}
	return least
}
