package demo

import "math"

// tradeoffPlot draws what each strategy reaches against what it costs, both
// better towards the origin: calls that miss the deadline, and the tail.
func tradeoffPlot(c comparison) []byte {
	const title = "What it reaches, and what it costs"
	v := &canvas{width: 860, height: 470}
	v.heading(84, title, "Better is down and to the left. Hollow: the other per-try timeouts of sequential retry.")

	cost := 0.10
	slowest := 2 * c.deadline
	for _, r := range c.results {
		cost = max(cost, 1.05*r.extraLoad)
		slowest = max(slowest, r.p999)
	}
	// Square root: 5 % and 200 % on one axis, with a place for 0.
	x := scale{from: 0, to: cost, at: 84, end: 330, warp: math.Sqrt}
	none := floorShare(c.results[0].calls)
	missed := axis{
		scale: scale{from: none, to: worstMiss(c.results), at: 396, end: 82, warp: math.Log10},
		title: "calls that miss the deadline",
		write: func(share float64) string {
			if share == none { // where log 0 is drawn: one miss is above it
				return "none"
			}
			return percent(share)
		},
	}
	for share := none; share <= missed.to*1.001; share *= 10 {
		missed.ticks = append(missed.ticks, share)
	}
	tail := axis{
		scale: scale{from: 10, to: inMilliseconds(slowest), at: 396, end: 82, warp: math.Log10},
		title: "p99.9, ms",
		write: plain,
	}
	tail.ticks = logTicks(tail.from, tail.to)

	v.panel(c, x, missed, func(r result) float64 { return 1 - r.successRatio() })
	x.at, x.end = 430, 676
	v.panel(c, x, tail, func(r result) float64 { return inMilliseconds(r.p999) })
	for i, r := range c.rivals() {
		row := 96 + float64(i)*28
		v.mark(point{708, row - 4}, styleOf(r.name), false)
		v.text(point{722, row}, label{text: r.title(), anchor: "start", colour: inkColour, bold: r.name == champion})
	}
	return v.document(title)
}

// axis is a vertical axis of a panel.
type axis struct {
	scale
	title string
	ticks []float64
	write func(float64) string
}

// panel draws one figure of all strategies against their extra load.
func (v *canvas) panel(c comparison, x scale, y axis, of func(result) float64) {
	for _, tick := range y.ticks {
		v.line(point{x.at, y.place(tick)}, point{x.end, y.place(tick)}, style{colour: gridColour, width: 1})
		v.text(point{x.at - 10, y.place(tick) + 4}, label{text: y.write(tick), anchor: "end", colour: softColour})
	}
	for _, tick := range []float64{0, 0.1, 0.5, 1, 2, 4} {
		if tick <= x.to {
			v.line(point{x.place(tick), y.at}, point{x.place(tick), y.end}, style{colour: gridColour, width: 1})
			v.text(point{x.place(tick), y.at + 20}, label{text: percent(tick), anchor: "middle", colour: softColour})
		}
	}
	v.line(point{x.at, y.at}, point{x.end, y.at}, style{colour: softColour, width: 1})
	v.text(point{(x.at + x.end) / 2, y.at + 44}, label{text: "extra load", anchor: "middle", colour: inkColour})
	v.text(point{x.at - 62, (y.at + y.end) / 2}, label{text: y.title, anchor: "middle", colour: inkColour, turned: true})
	for _, hollow := range []bool{true, false} { // what competes is drawn over what does not
		for _, r := range c.results {
			if hollow == (r.variant != "" && !r.chosen) {
				v.mark(point{x.place(r.extraLoad), y.place(of(r))}, styleOf(r.name), hollow)
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
