package waterfall

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// picture collects the SVG's shapes.
type picture struct {
	axis    axis
	colours map[string]string
	body    bytes.Buffer
}

// style gives every shape its look by class, on light pages and on dark ones.
const style = `
.page{fill:#ffffff} .ink{fill:#1f2328} .soft{fill:#59636e} .alert{fill:#b3261e} .title{fill:#1f2328}
.grid{stroke:#e4e7eb} .twig{stroke:#d0d7de} .answer{stroke:#1f2328}
@media (prefers-color-scheme: dark) {
.page{fill:#161b22} .ink{fill:#e6edf3} .soft{fill:#9ea7b3} .alert{fill:#ff8a80} .title{fill:#e6edf3}
.grid{stroke:#2d333b} .twig{stroke:#444c56} .answer{stroke:#e6edf3}
}
`

// Sizes are attributes, for programs that know no media queries and drop the
// whole style sheet.
func (p *picture) document(height float64, title string) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img"`+
		` font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" font-size="13">`+"\n", width, height, width, height)
	fmt.Fprintf(&out, "<title>%s</title>\n<style>%s</style>\n", escaped(title), style)
	out.WriteString(`<defs><pattern id="cut" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
		`<rect width="3" height="7" fill="#ffffff" fill-opacity="0.55"/></pattern></defs>` + "\n")
	fmt.Fprintf(&out, `<rect class="page" width="%g" height="%g" rx="8"/>`+"\n", width, height)
	out.Write(p.body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// text writes what fits into so much room.
func (p *picture) text(x, y float64, class, text string, room float64) {
	size := 13.0
	switch {
	case strings.Contains(class, "small"):
		size = 11.5
	case class == "title":
		size = 18
	}
	look := fmt.Sprintf(` font-size="%g"`, size)
	if class == "title" {
		look += ` font-weight="600"`
	}
	fmt.Fprintf(&p.body, `<text x="%.1f" y="%.1f" class="%s"%s>%s</text>`+"\n", x, y, class, look, escaped(short(text, room, size)))
}

// short cuts a text that is too long. Fonts differ: this is what the widest of
// those named above needs.
func short(text string, room, size float64) string {
	most, all := int(room/(size*0.6)), []rune(text)
	if len(all) <= most {
		return text
	}
	return string(all[:max(most-1, 0)]) + "…"
}

func (p *picture) centred(x, y float64, class, text string) {
	fmt.Fprintf(&p.body, `<text x="%.1f" y="%.1f" class="%s" font-size="11.5" text-anchor="middle">%s</text>`+"\n", x, y, class, escaped(text))
}

func (p *picture) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&p.body, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`+"\n", x1, y1, x2, y2, class)
}

// answered marks an instant that an answer was there at, from top to bottom.
func (p *picture) answered(x, from, to float64) {
	fmt.Fprintf(&p.body, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="answer" stroke-dasharray="2 3" stroke-opacity="0.7"/>`+"\n", x, from, x, to)
}

func (p *picture) disc(x, y float64, colour string) {
	fmt.Fprintf(&p.body, `<circle cx="%.1f" cy="%.1f" r="4.5" fill="%s"/>`+"\n", x, y, colour)
}

// shape is how high a bar is, around the middle of its row.
type shape struct{ middle, height float64 }

// bar draws a span.
func (p *picture) bar(from, to float64, s shape, colour string) {
	fmt.Fprintf(&p.body, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="2" fill="%s"/>`+"\n",
		from, s.middle-s.height/2, to-from, s.height, colour)
}

// failed draws the end of a span that is an error.
func (p *picture) failed(from, to float64, s shape) { p.bar(max(to-5, from), to, s, red) }

// torn draws a span that was cut off: hatched, with a torn end.
func (p *picture) torn(from, to float64, s shape, colour string) {
	const teeth = 4
	top, bottom := s.middle-s.height/2, s.middle+s.height/2
	var edge strings.Builder
	for i := range 2*teeth + 1 {
		x := to
		if i%2 == 1 {
			x = max(to-5, from)
		}
		fmt.Fprintf(&edge, " %.1f,%.1f", x, top+s.height*float64(i)/(2*teeth))
	}
	points := fmt.Sprintf("%.1f,%.1f%s %.1f,%.1f", from, top, edge.String(), from, bottom)
	for _, fill := range []string{fmt.Sprintf(`fill="%s" fill-opacity="0.75"`, colour), `fill="url(#cut)"`} {
		fmt.Fprintf(&p.body, `<polygon points="%s" %s/>`+"\n", points, fill)
	}
}

func escaped(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a Buffer takes everything
	return b.String()
}
