package sim

import (
	"fmt"
	"math"
	"time"

	"hedged.dev/hedged/pkg/plot"
)

// Plots draws the report as SVG documents, by file name.
func (r Report) Plots() map[string][]byte {
	plots := map[string][]byte{}
	if len(r.Results) == 0 {
		return plots
	}
	plots["tradeoff.svg"] = r.tradeoffPlot()
	plots["success.svg"] = r.successPlot()
	for i := range r.Results {
		if len(r.Results[i].Plans) > 0 {
			plots["plan.svg"] = r.planPlot(&r.Results[i])
		}
	}
	return plots
}

// styleOf is how a strategy looks in every plot.
func styleOf(name string) plot.Style {
	switch name {
	case none:
		return plot.Style{Colour: plot.Grey, Dash: "2 3", Width: 2, Marker: plot.Cross}
	case "sequential":
		return plot.Style{Colour: plot.Vermillion, Width: 2, Marker: plot.Square}
	case "all-at-once-2":
		return plot.Style{Colour: plot.Purple, Width: 2, Marker: plot.Triangle}
	case "all-at-once-3":
		return plot.Style{Colour: plot.Purple, Width: 2, Marker: plot.Cross}
	case "fixed-stagger":
		return plot.Style{Colour: plot.Green, Width: 2, Marker: plot.Diamond}
	case "grpc":
		return plot.Style{Colour: plot.Orange, Width: 2, Marker: plot.Triangle}
	case "percentile":
		return plot.Style{Colour: plot.Sky, Width: 2, Marker: plot.Square}
	case bestStatic:
		return plot.Style{Colour: plot.Black, Width: 2, Marker: plot.Diamond}
	default:
		return plot.Style{Colour: plot.Blue, Width: 3, Marker: plot.Circle}
	}
}

// tradeoffPlot draws what each strategy reaches against what it costs, both better
// towards the origin: calls that miss the deadline, and the tail.
func (r Report) tradeoffPlot() []byte {
	const title = "What it reaches, and what it costs"
	c := &plot.Canvas{Width: 860, Height: 470}
	c.Heading(84, title, fmt.Sprintf("%s, seed %d, budget %g %%. Better is down and to the left.", r.Scenario, r.Seed, r.BudgetPercent))
	cost, fastest, slowest, worst := 0.10, 10.0, r.DeadlineMS, 1e-3
	for _, x := range r.Results {
		cost = max(cost, 1.05*x.ExtraLoad)
		fastest = min(fastest, 0.9*x.P999MS)
		slowest = max(slowest, x.P999MS)
		worst = max(worst, 1-x.SuccessRatio)
	}
	// Square root: 5 % and 200 % on one axis, with a place for 0.
	x := plot.Axis{Scale: plot.Scale{To: cost, At: 84, End: 330, Warp: math.Sqrt}, Title: "extra load", Write: plot.Percent}
	for _, tick := range []float64{0, 0.01, 0.05, 0.2, 0.5, 1, 2} {
		if tick <= cost && (tick != 0.01 || cost < 0.5) {
			x.Ticks = append(x.Ticks, tick)
		}
	}
	least := math.Pow(10, math.Floor(-math.Log10(float64(r.Calls))))
	missed := plot.Axis{
		Scale: plot.Scale{From: least, To: math.Pow(10, math.Ceil(math.Log10(worst))), At: 396, End: 82, Warp: math.Log10},
		Title: "calls that miss the deadline",
		Write: func(share float64) string {
			if share == least { // where log 0 is drawn
				return "none"
			}
			return plot.Percent(share)
		},
	}
	for share := least; share <= missed.To*1.001; share *= 10 {
		missed.Ticks = append(missed.Ticks, share)
	}
	tail := plot.Axis{
		Scale: plot.Scale{From: max(fastest, 0.1), To: max(slowest, 1), At: 396, End: 82, Warp: math.Log10},
		Title: "p99.9, ms",
	}
	tail.Ticks = plot.LogSteps(tail.From, tail.To)
	r.drawTradeoff(c, x, missed, func(x Result) float64 { return 1 - x.SuccessRatio })
	x.At, x.End = 430, 676
	r.drawTradeoff(c, x, tail, func(x Result) float64 { return x.P999MS })
	for i, x := range r.Results {
		c.LegendMark(plot.Point{X: 702, Y: 96 + float64(i)*28}, plot.Entry{Style: styleOf(x.Name), Text: x.Name, Bold: x.Name == champion})
	}
	return c.Document(title)
}

func (r Report) drawTradeoff(c *plot.Canvas, x, y plot.Axis, of func(Result) float64) {
	c.Frame(x, y)
	for _, result := range r.Results {
		c.Mark(plot.Point{X: x.Place(max(result.ExtraLoad, 0)), Y: y.Place(of(result))}, styleOf(result.Name), false)
	}
}

// successPlot draws each strategy's success over time.
func (r Report) successPlot() []byte {
	const title = "Success within the deadline, over time"
	const top, band, gap = 96.0, 54.0, 38.0
	lowest := 0.9
	lines := make([][]float64, len(r.Results))
	each, width := r.bins()
	for i, x := range r.Results {
		lines[i] = successes(x.Timeline, width)
		for _, share := range lines[i] {
			lowest = min(lowest, math.Floor(share*10)/10)
		}
	}
	c := &plot.Canvas{Width: 860, Height: top + float64(len(r.Results))*(band+gap)}
	subtitle := fmt.Sprintf("%s, seed %d; in each %v.", r.Scenario, r.Seed, each)
	if r.Disturbed {
		subtitle += " Shaded: the disturbances, the same for all."
	}
	c.Heading(84, title, subtitle)
	x := plot.Scale{To: r.DurationS, At: 84, End: 836}
	bottom := top
	for i, result := range r.Results {
		head := top + float64(i)*(band+gap)
		y := plot.Scale{From: 1, To: lowest, At: head, End: head + band}
		r.shade(c, x, y)
		c.Text(plot.Point{X: x.At, Y: head - 9}, plot.Label{Text: result.Name, Bold: result.Name == champion})
		c.Text(plot.Point{X: x.End, Y: head - 9}, plot.Label{Text: fmt.Sprintf("%.3f %%", 100*result.SuccessRatio), Anchor: plot.End, Colour: plot.Soft})
		limits(c, x, y, plot.Percent)
		look := styleOf(result.Name)
		look.Dash, look.Width = "", 2
		c.Polyline(plot.Staircase(lines[i], each.Seconds(), x, y), look)
		bottom = head + band
	}
	seconds(c, x, bottom)
	return c.Document(title)
}

// bins returns how long one step of a time line is, also in slots: so long that
// there are no more than can be seen.
func (r Report) bins() (each time.Duration, width int) {
	const most = 400
	width = max(int(math.Ceil(r.DurationS/slotLength.Seconds()/most)), 1)
	return time.Duration(width) * slotLength, width
}

// successes returns the success of each so many slots; without calls that of the ones before.
func successes(slots []Slot, width int) []float64 {
	var shares []float64
	last := 1.0
	for from := 0; from < len(slots); from += width {
		calls, good := 0, 0
		for _, s := range slots[from:min(from+width, len(slots))] {
			calls += s.Calls
			good += s.Successes
		}
		if calls > 0 {
			last = float64(good) / float64(calls)
		}
		shares = append(shares, last)
	}
	return shares
}

// shade marks the disturbances behind a panel.
func (r Report) shade(c *plot.Canvas, x, y plot.Scale) {
	span := func(from, to time.Duration) {
		if to == 0 {
			to = never
		}
		if from.Seconds() < x.To {
			c.Span(x, y, from.Seconds(), min(to.Seconds(), x.To))
		}
	}
	for _, change := range r.scenario.Upstream.Changes {
		span(change.From, change.To)
	}
	for _, s := range r.scenario.Surges {
		span(s.From, s.To)
	}
}

// limits draws the upper and the lower edge of a panel.
func limits(c *plot.Canvas, x, y plot.Scale, write func(float64) string) {
	for _, v := range []float64{y.To, y.From} {
		c.Line(plot.Point{X: x.At, Y: y.Place(v)}, plot.Point{X: x.End, Y: y.Place(v)}, plot.Style{Colour: plot.Lines, Width: 1})
		c.Text(plot.Point{X: x.At - 8, Y: y.Place(v) + 4}, plot.Label{Text: write(v), Anchor: plot.End, Colour: plot.Soft, Size: 11})
	}
}

// seconds writes the time below the last panel.
func seconds(c *plot.Canvas, x plot.Scale, bottom float64) {
	for _, tick := range plot.RoundSteps(x.To, 8) {
		c.Text(plot.Point{X: x.Place(tick), Y: bottom + 20}, plot.Label{Text: fmt.Sprintf("%g s", tick), Anchor: plot.Middle, Colour: plot.Soft})
	}
}
