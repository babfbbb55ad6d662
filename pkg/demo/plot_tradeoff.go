package demo

import (
	"math"

	"hedged.dev/hedged/pkg/plot"
)

// tradeoffPlot draws what each strategy reaches against what it costs, both
// better towards the origin: calls that miss the deadline, and the tail.
func tradeoffPlot(c comparison) []byte {
	const title = "What it reaches, and what it costs"
	v := &plot.Canvas{Width: 860, Height: 470}
	subtitle := "Better is down and to the left."
	if len(c.rivals()) < len(c.results) {
		subtitle += " Hollow: the other per-try timeouts of sequential retry."
	}
	v.Heading(84, title, subtitle)

	cost, fastest, slowest := 0.10, 10.0, 2*c.deadline
	for _, r := range c.results {
		cost = max(cost, 1.05*r.extraLoad)
		fastest = min(fastest, 0.9*inMilliseconds(r.p999))
		slowest = max(slowest, r.p999)
	}
	// Square root: 5 % and 200 % on one axis, with a place for 0.
	x := plot.Axis{Scale: plot.Scale{From: 0, To: cost, At: 84, End: 330, Warp: math.Sqrt}, Title: "extra load", Write: plot.Percent}
	for _, tick := range []float64{0, 0.1, 0.5, 1, 2, 4} {
		if tick <= cost {
			x.Ticks = append(x.Ticks, tick)
		}
	}
	none := floorShare(c.results[0].calls)
	missed := plot.Axis{
		Scale: plot.Scale{From: none, To: worstMiss(c.results), At: 396, End: 82, Warp: math.Log10},
		Title: "calls that miss the deadline",
		Write: func(share float64) string {
			if share == none { // where log 0 is drawn: one miss is above it
				return "none"
			}
			return plot.Percent(share)
		},
	}
	for share := none; share <= missed.To*1.001; share *= 10 {
		missed.Ticks = append(missed.Ticks, share)
	}
	tail := plot.Axis{
		Scale: plot.Scale{From: max(fastest, 0.1), To: inMilliseconds(slowest), At: 396, End: 82, Warp: math.Log10},
		Title: "p99.9, ms",
	}
	tail.Ticks = plot.LogSteps(tail.From, tail.To)

	drawTradeoff(v, c, x, missed, func(r result) float64 { return 1 - r.successRatio() })
	x.At, x.End = 430, 676
	drawTradeoff(v, c, x, tail, func(r result) float64 { return inMilliseconds(r.p999) })
	for i, r := range c.rivals() {
		v.LegendMark(plot.Point{X: 702, Y: 96 + float64(i)*28}, plot.Entry{Style: styleOf(r.name), Text: r.title(), Bold: r.name == champion})
	}
	return v.Document(title)
}

// drawTradeoff draws one figure of all strategies against their extra load.
func drawTradeoff(v *plot.Canvas, c comparison, x, y plot.Axis, of func(result) float64) {
	v.Frame(x, y)
	for _, hollow := range []bool{true, false} { // what competes is drawn over what does not
		for _, r := range c.results {
			if hollow == (r.variant != "" && !r.chosen) {
				v.Mark(plot.Point{X: x.Place(r.extraLoad), Y: y.Place(of(r))}, styleOf(r.name), hollow)
			}
		}
	}
}

// worstMiss is the power of ten at or above the largest share of misses.
func worstMiss(results []result) float64 {
	var worst float64
	for _, r := range results {
		worst = max(worst, 1-r.successRatio())
	}
	return math.Pow(10, math.Ceil(math.Log10(max(worst, 1e-3))))
}
