package demo

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// The plots' colours: Okabe and Ito's, which stay apart for colour-blind eyes,
// on white.
const (
	inkColour   = "#1f2328"
	softColour  = "#59636e"
	gridColour  = "#e4e7eb"
	peakColour  = "#f3ddb3"
	peakInk     = "#e69f00"
	trackColour = "#f6f7f9"
	alertColour = "#b3261e"
)

// style is how a strategy looks in every plot. Dashes and markers tell them
// apart without colour.
type style struct {
	colour string
	dash   string // stroke-dasharray; empty: solid
	width  float64
	marker string // circle, square, diamond, triangle, cross
}

func styleOf(name string) style {
	switch name {
	case "none":
		return style{colour: "#666666", dash: "2 3", width: 2, marker: "cross"}
	case "sequential":
		return style{colour: "#d55e00", dash: "8 4", width: 2, marker: "square"}
	case "all-at-once":
		return style{colour: "#cc79a7", dash: "", width: 2, marker: "triangle"}
	case "fixed-stagger":
		return style{colour: "#009e73", dash: "10 3 2 3", width: 2, marker: "diamond"}
	}
	return style{colour: "#0072b2", width: 3, marker: "circle"}
}

// canvas collects an SVG document of a fixed size.
type canvas struct {
	width, height float64
	body          bytes.Buffer
}

// document returns the whole SVG.
func (c *canvas) document(title string) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img"`+
		` font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13">`+"\n",
		c.width, c.height, c.width, c.height)
	fmt.Fprintf(&out, "<title>%s</title>\n", escaped(title))
	fmt.Fprintf(&out, `<rect width="%g" height="%g" fill="#ffffff"/>`+"\n", c.width, c.height)
	out.Write(c.body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a Buffer takes everything
	return b.String()
}

// point is a place on the canvas.
type point struct{ x, y float64 }

func (c *canvas) line(from, to point, stroke style) {
	fmt.Fprintf(&c.body, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>`+"\n", from.x, from.y, to.x, to.y, stroked(stroke))
}

func (c *canvas) polyline(points []point, stroke style) {
	fmt.Fprintf(&c.body, `<polyline points="%s" fill="none" stroke-linejoin="round" %s/>`+"\n", joined(points), stroked(stroke))
}

// area fills what the points go round.
func (c *canvas) area(points []point, fill string, opacity float64) {
	fmt.Fprintf(&c.body, `<polygon points="%s" fill="%s" fill-opacity="%g"/>`+"\n", joined(points), fill, opacity)
}

func joined(points []point) string {
	var path strings.Builder
	for i, p := range points {
		if i > 0 {
			path.WriteByte(' ')
		}
		fmt.Fprintf(&path, "%.1f,%.1f", p.x, p.y)
	}
	return path.String()
}

func stroked(s style) string {
	text := fmt.Sprintf(`stroke="%s" stroke-width="%g"`, s.colour, s.width)
	if s.dash != "" {
		text += fmt.Sprintf(` stroke-dasharray="%s"`, s.dash)
	}
	return text
}

func (c *canvas) rectangle(from, to point, fill string) {
	fmt.Fprintf(&c.body, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="%s"/>`+"\n",
		from.x, from.y, to.x-from.x, to.y-from.y, fill)
}

// label is a text with its look.
type label struct {
	text   string
	anchor string // start, middle, end
	colour string
	size   float64 // 0: the document's
	bold   bool
	turned bool // reads upwards
}

func (c *canvas) text(at point, l label) {
	var look strings.Builder
	if l.size != 0 {
		fmt.Fprintf(&look, ` font-size="%g"`, l.size)
	}
	if l.bold {
		look.WriteString(` font-weight="600"`)
	}
	if l.turned {
		fmt.Fprintf(&look, ` transform="rotate(-90 %.1f %.1f)"`, at.x, at.y)
	}
	fmt.Fprintf(&c.body, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s"%s>%s</text>`+"\n",
		at.x, at.y, l.anchor, l.colour, look.String(), escaped(l.text))
}

// mark draws a strategy's marker; hollow ones stand for what is shown beside.
func (c *canvas) mark(at point, s style, hollow bool) {
	fill := s.colour
	if hollow {
		fill = "#ffffff"
	}
	look := fmt.Sprintf(`fill="%s" stroke="%s" stroke-width="2"`, fill, s.colour)
	const r = 6.0
	polygon := func(corners ...point) {
		for i, p := range corners {
			corners[i] = point{at.x + r*p.x, at.y + r*p.y}
		}
		fmt.Fprintf(&c.body, `<polygon points="%s" %s/>`+"\n", joined(corners), look)
	}
	switch s.marker {
	case "square":
		polygon(point{-.85, -.85}, point{.85, -.85}, point{.85, .85}, point{-.85, .85})
	case "diamond":
		polygon(point{0, -1.15}, point{1.15, 0}, point{0, 1.15}, point{-1.15, 0})
	case "triangle":
		polygon(point{0, -1.1}, point{1.05, .8}, point{-1.05, .8})
	case "cross":
		polygon(point{-1, -.6}, point{-.6, -1}, point{0, -.4}, point{.6, -1}, point{1, -.6}, point{.4, 0},
			point{1, .6}, point{.6, 1}, point{0, .4}, point{-.6, 1}, point{-1, .6}, point{-.4, 0})
	default:
		fmt.Fprintf(&c.body, `<circle cx="%.1f" cy="%.1f" r="%g" %s/>`+"\n", at.x, at.y, r, look)
	}
}

// heading writes a plot's title and what it says in one line.
func (c *canvas) heading(left float64, title, subtitle string) {
	c.text(point{left, 30}, label{text: title, anchor: "start", colour: inkColour, size: 18, bold: true})
	c.text(point{left, 51}, label{text: subtitle, anchor: "start", colour: softColour})
}

// scale maps values to places along one axis.
type scale struct {
	from, to float64 // values
	at, end  float64 // places of from and to
	warp     func(float64) float64
}

// place returns where the value is, kept within the axis.
func (s scale) place(value float64) float64 {
	value = min(max(value, min(s.from, s.to)), max(s.from, s.to))
	share := (s.warp(value) - s.warp(s.from)) / (s.warp(s.to) - s.warp(s.from))
	return s.at + share*(s.end-s.at)
}

func linear(v float64) float64 { return v }

// roundSteps returns 0 and the multiples of a round step up to most, about so
// many.
func roundSteps(most float64, about int) []float64 {
	rough := most / float64(about)
	power := math.Pow(10, math.Floor(math.Log10(rough)))
	step := 10 * power
	for _, factor := range []float64{1, 2, 5} {
		if factor*power >= rough {
			step = factor * power
			break
		}
	}
	var steps []float64
	for i := 0; float64(i)*step <= most*(1+1e-9); i++ {
		steps = append(steps, float64(i)*step)
	}
	return steps
}
