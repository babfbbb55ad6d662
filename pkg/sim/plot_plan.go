package sim

import (
	"fmt"

	"hedged.dev/hedged/pkg/plot"
)

// panel is one figure of a plan over time.
type panel struct {
	title string
	of    func(PlanPoint) float64
	write func(float64) string
	most  float64 // of the axis; 0: the largest value
}

// planPlot draws what the controllers planned, over time.
func (r Report) planPlot(result *Result) []byte {
	const title = "The adaptive plan, over time"
	const top, band, gap = 110.0, 80.0, 40.0
	milliseconds := func(v float64) string { return fmt.Sprintf("%.3g ms", v) }
	panels := []panel{
		{"the share of calls whose first hedge is not deferred", func(p PlanPoint) float64 { return p.HedgeShare }, plot.Percent, 1},
		{"the first stagger", func(p PlanPoint) float64 { return max(p.Gap.Seconds()*1000, 0) }, milliseconds, 0},
		{"further attempts per call, as planned", func(p PlanPoint) float64 { return p.Figures.Cost }, plot.Percent, 0},
		{"how far hedging is left alone: 1 is fully", func(p PlanPoint) float64 { return p.Figures.Independence }, plot.Number, 1},
	}
	daemons := r.scenario.Daemons
	c := &plot.Canvas{Width: 860, Height: top + float64(len(panels))*(band+gap)}
	subtitle := fmt.Sprintf("%s, seed %d.", r.Scenario, r.Seed)
	if daemons > 1 {
		subtitle += fmt.Sprintf(" A line for each of %d daemons.", daemons)
	}
	c.Heading(84, title, subtitle)
	x := plot.Scale{To: r.DurationS, At: 84, End: 836}
	for i, p := range panels {
		head := top + float64(i)*(band+gap)
		y := plot.Scale{From: p.highest(result.Plans), To: 0, At: head, End: head + band}
		r.shade(c, x, y)
		c.Text(plot.Point{X: x.At, Y: head - 9}, plot.Label{Text: p.title})
		limits(c, x, y, p.write)
		for d := range daemons {
			c.Polyline(p.line(result.Plans, d, x, y), plot.Style{Colour: plot.Blue, Width: 1.2})
		}
	}
	seconds(c, x, top+float64(len(panels))*(band+gap)-gap)
	return c.Document(title)
}

// highest is the upper end of the panel's axis.
func (p panel) highest(points []PlanPoint) float64 {
	most := p.most
	for _, at := range points {
		most = max(most, p.of(at))
	}
	if most == 0 {
		return 1
	}
	return most
}

// line goes through the figure of one daemon's plans, with a corner where it changes.
func (p panel) line(points []PlanPoint, daemon int, x, y plot.Scale) []plot.Point {
	var line []plot.Point
	last := 0.0
	for _, at := range points {
		if at.Daemon != daemon {
			continue
		}
		place := plot.Point{X: x.Place(at.At.Seconds()), Y: y.Place(p.of(at))}
		if n := len(line); n > 1 && line[n-1].Y == place.Y && line[n-2].Y == place.Y {
			line[n-1] = place // still on the same level
			continue
		}
		if len(line) > 0 && last != place.Y {
			line = append(line, plot.Point{X: place.X, Y: last})
		}
		line = append(line, place)
		last = place.Y
	}
	return line
}
