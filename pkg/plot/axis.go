package plot

import "fmt"

// Axis is a scale with what is written beside it.
type Axis struct {
	Scale
	Title string    // empty: none
	Ticks []float64 // values that get a line across the panel and a label
	// Write is how a tick is labelled; nil is Number.
	Write func(float64) string
}

func (a Axis) label(tick float64) string {
	if a.Write == nil {
		return Number(tick)
	}
	return a.Write(tick)
}

// Frame draws the panel that two axes span: grid lines, ticks, titles, and the
// line that the data stand on. It takes 66 points to the left of the panel and
// 48 below it.
func (c *Canvas) Frame(x, y Axis) {
	grid := Style{Colour: Lines, Width: 1}
	for _, tick := range y.Ticks {
		at := y.Place(tick)
		c.Line(Point{x.At, at}, Point{x.End, at}, grid)
		c.Text(Point{x.At - 9, at + 4}, Label{Text: y.label(tick), Anchor: End, Colour: Soft})
	}
	for _, tick := range x.Ticks {
		at := x.Place(tick)
		c.Line(Point{at, y.At}, Point{at, y.End}, grid)
		c.Text(Point{at, y.bottom() + 20}, Label{Text: x.label(tick), Anchor: Middle, Colour: Soft})
	}
	c.Line(Point{x.At, y.bottom()}, Point{x.End, y.bottom()}, Style{Colour: Soft, Width: 1})
	if x.Title != "" {
		c.Text(Point{(x.At + x.End) / 2, y.bottom() + 44}, Label{Text: x.Title, Anchor: Middle})
	}
	if y.Title != "" {
		c.Text(Point{x.At - 58, (y.At + y.End) / 2}, Label{Text: y.Title, Anchor: Middle, Turned: true})
	}
}

// bottom is the lower end of a vertical scale.
func (s Scale) bottom() float64 { return max(s.At, s.End) }

// Limit draws a value of x that is not to be passed.
func (c *Canvas) Limit(x, y Scale, value float64, text string) {
	at := x.Place(value)
	c.Line(Point{at, y.At}, Point{at, y.End}, Style{Colour: Alert, Width: 1.5, Dash: "4 3"})
	c.Text(Point{at - 6, min(y.At, y.End) + 16}, Label{Text: text, Anchor: End, Colour: Alert})
}

// Span shades the values of x from one to another, behind what is drawn after
// it.
func (c *Canvas) Span(x, y Scale, from, to float64) {
	left, right := x.Place(from), x.Place(to)
	c.Area([]Point{{left, y.At}, {right, y.At}, {right, y.End}, {left, y.End}}, Shade, 0.55)
}

// Number writes a tick with the digits that it needs.
func Number(v float64) string { return fmt.Sprintf("%g", v) }

// Percent writes a share with the digits that it needs.
func Percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }
