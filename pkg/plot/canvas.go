package plot

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// Canvas collects an SVG document of a fixed size. The origin is at the top
// left.
type Canvas struct {
	Width, Height float64
	body          bytes.Buffer
}

// Point is a place on the canvas.
type Point struct{ X, Y float64 }

// Document returns the whole SVG. The title is what a screen reader says.
func (c *Canvas) Document(title string) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img"`+
		` font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13">`+"\n",
		c.Width, c.Height, c.Width, c.Height)
	fmt.Fprintf(&out, "<title>%s</title>\n", escaped(title))
	fmt.Fprintf(&out, `<rect width="%g" height="%g" fill="#ffffff"/>`+"\n", c.Width, c.Height)
	out.Write(c.body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a Buffer takes everything
	return b.String()
}

// Line draws a straight line.
func (c *Canvas) Line(from, to Point, stroke Style) {
	fmt.Fprintf(&c.body, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" %s/>`+"\n", from.X, from.Y, to.X, to.Y, stroked(stroke))
}

// Polyline draws a line through the points.
func (c *Canvas) Polyline(points []Point, stroke Style) {
	fmt.Fprintf(&c.body, `<polyline points="%s" fill="none" stroke-linejoin="round" %s/>`+"\n", joined(points), stroked(stroke))
}

// Area fills what the points go round. An opacity of 1 hides what is below.
func (c *Canvas) Area(points []Point, fill string, opacity float64) {
	fmt.Fprintf(&c.body, `<polygon points="%s" fill="%s" fill-opacity="%g"/>`+"\n", joined(points), fill, opacity)
}

// Rectangle fills what lies between two corners, the upper left and the lower
// right.
func (c *Canvas) Rectangle(from, to Point, fill string) {
	fmt.Fprintf(&c.body, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" fill="%s"/>`+"\n",
		from.X, from.Y, to.X-from.X, to.Y-from.Y, fill)
}

// Mark draws a series' marker; hollow ones stand for what is shown beside.
func (c *Canvas) Mark(at Point, s Style, hollow bool) {
	fill := s.Colour
	if hollow {
		fill = "#ffffff"
	}
	look := fmt.Sprintf(`fill="%s" stroke="%s" stroke-width="2"`, fill, s.Colour)
	const r = 6.0
	corners := s.Marker.corners()
	if corners == nil {
		fmt.Fprintf(&c.body, `<circle cx="%.1f" cy="%.1f" r="%g" %s/>`+"\n", at.X, at.Y, r, look)
		return
	}
	for i, p := range corners {
		corners[i] = Point{at.X + r*p.X, at.Y + r*p.Y}
	}
	fmt.Fprintf(&c.body, `<polygon points="%s" %s/>`+"\n", joined(corners), look)
}

func joined(points []Point) string {
	var path strings.Builder
	for i, p := range points {
		if i > 0 {
			path.WriteByte(' ')
		}
		fmt.Fprintf(&path, "%.1f,%.1f", p.X, p.Y)
	}
	return path.String()
}

func stroked(s Style) string {
	text := fmt.Sprintf(`stroke="%s" stroke-width="%g"`, s.Colour, s.Width)
	if s.Dash != "" {
		text += fmt.Sprintf(` stroke-dasharray="%s"`, s.Dash)
	}
	return text
}
