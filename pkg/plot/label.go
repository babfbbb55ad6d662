package plot

import (
	"fmt"
	"strings"
)

// Label is a text with its look.
type Label struct {
	Text   string
	Anchor Anchor
	Colour string  // empty: Ink
	Size   float64 // 0: the document's, 13
	Bold   bool
	Turned bool // reads upwards
}

// Anchor is which part of a text stands where the text is put.
type Anchor uint8

// The anchors.
const (
	Start Anchor = iota
	Middle
	End
)

func (a Anchor) String() string { return [...]string{"start", "middle", "end"}[a] }

// Text writes a label; at is on its baseline.
func (c *Canvas) Text(at Point, l Label) {
	if l.Colour == "" {
		l.Colour = Ink
	}
	var look strings.Builder
	if l.Size != 0 {
		fmt.Fprintf(&look, ` font-size="%g"`, l.Size)
	}
	if l.Bold {
		look.WriteString(` font-weight="600"`)
	}
	if l.Turned {
		fmt.Fprintf(&look, ` transform="rotate(-90 %.1f %.1f)"`, at.X, at.Y)
	}
	fmt.Fprintf(&c.body, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s"%s>%s</text>`+"\n",
		at.X, at.Y, l.Anchor, l.Colour, look.String(), escaped(l.Text))
}

// Heading writes a plot's title and what it says in one line, at the top. The
// next 60 points below the edge are taken.
func (c *Canvas) Heading(left float64, title, subtitle string) {
	c.Text(Point{left, 30}, Label{Text: title, Size: 18, Bold: true})
	c.Text(Point{left, 51}, Label{Text: subtitle, Colour: Soft})
}

// Entry is one row of a legend.
type Entry struct {
	Style Style
	Text  string
	Note  string // a second line below the text; empty: none
	Bold  bool
}

// LegendLine writes a legend's row with a piece of the series' line before it.
func (c *Canvas) LegendLine(at Point, e Entry) {
	c.Line(Point{at.X, at.Y - 4}, Point{at.X + 32, at.Y - 4}, e.Style)
	c.entry(Point{at.X + 40, at.Y}, e)
}

// LegendMark writes a legend's row with the series' marker before it.
func (c *Canvas) LegendMark(at Point, e Entry) {
	c.Mark(Point{at.X + 6, at.Y - 4}, e.Style, false)
	c.entry(Point{at.X + 20, at.Y}, e)
}

func (c *Canvas) entry(at Point, e Entry) {
	c.Text(at, Label{Text: e.Text, Bold: e.Bold})
	if e.Note != "" {
		c.Text(Point{at.X, at.Y + 16}, Label{Text: e.Note, Colour: Soft, Size: 12})
	}
}
