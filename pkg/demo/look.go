package demo

import "hedged.dev/hedged/pkg/plot"

// styleOf is how a strategy looks in every plot.
func styleOf(name string) plot.Style {
	switch name {
	case "none":
		return plot.Style{Colour: plot.Grey, Dash: "2 3", Width: 2, Marker: plot.Cross}
	case "sequential":
		return plot.Style{Colour: plot.Vermillion, Dash: "8 4", Width: 2, Marker: plot.Square}
	case "all-at-once":
		return plot.Style{Colour: plot.Purple, Width: 2, Marker: plot.Triangle}
	case "fixed-stagger":
		return plot.Style{Colour: plot.Green, Dash: "10 3 2 3", Width: 2, Marker: plot.Diamond}
	case "quantile-stagger":
		return plot.Style{Colour: plot.Sky, Dash: "4 2", Width: 2, Marker: plot.Square}
	}
	return plot.Style{Colour: plot.Blue, Width: 3, Marker: plot.Circle}
}

// drawTracks draws a strip for each thing that troubles the upstream, where
// it does, and shades the panels below in those stretches.
func drawTracks(c *plot.Canvas, tracks []track, x plot.Scale, top float64, panels []plot.Scale) {
	for i, t := range tracks {
		row := top + float64(i)*trackHeight
		c.Text(plot.Point{X: x.At - 10, Y: row + 10}, plot.Label{Text: t.title, Anchor: plot.End, Colour: plot.Soft, Size: 12})
		c.Rectangle(plot.Point{X: x.At, Y: row + 1}, plot.Point{X: x.End, Y: row + 12}, plot.Track)
		for _, p := range t.peaks {
			from, to := p.from.Seconds(), p.to.Seconds()
			c.Rectangle(plot.Point{X: x.Place(from), Y: row + 1}, plot.Point{X: x.Place(to), Y: row + 12}, plot.Orange)
			for _, y := range panels {
				c.Span(x, y, from, to)
			}
		}
	}
}

// trackHeight is the height of a strip of drawTracks.
const trackHeight = 16.0
