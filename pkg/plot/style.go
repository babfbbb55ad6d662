package plot

// The colours of what frames the data, on white.
const (
	Ink   = "#1f2328" // titles
	Soft  = "#59636e" // what is read second
	Lines = "#e4e7eb" // of the grid
	Track = "#f6f7f9" // an empty strip
	Shade = "#f3ddb3" // behind the data, a stretch of time that is spoken of
	Alert = "#b3261e" // a limit
)

// The colours of series: Okabe and Ito's, which stay apart for colour-blind
// eyes. Yellow is left out: it cannot be read on white.
const (
	Grey       = "#666666"
	Blue       = "#0072b2"
	Sky        = "#56b4e9"
	Green      = "#009e73"
	Orange     = "#e69f00"
	Vermillion = "#d55e00"
	Purple     = "#cc79a7"
	Black      = "#000000"
)

// Style is how a series looks in every plot. Dashes and markers tell series
// apart without colour.
type Style struct {
	Colour string
	Dash   string  // lengths of line and gap in turn, as of stroke-dasharray; empty: solid
	Width  float64 // of its line
	Marker Marker
}

// Marker is the shape that marks one value of a series.
type Marker uint8

// The markers.
const (
	Circle Marker = iota
	Square
	Diamond
	Triangle
	Cross
)

// corners go round the marker, for a radius of 1. A circle has none.
func (m Marker) corners() []Point {
	switch m {
	case Square:
		return []Point{{-.85, -.85}, {.85, -.85}, {.85, .85}, {-.85, .85}}
	case Diamond:
		return []Point{{0, -1.15}, {1.15, 0}, {0, 1.15}, {-1.15, 0}}
	case Triangle:
		return []Point{{0, -1.1}, {1.05, .8}, {-1.05, .8}}
	case Cross:
		return []Point{
			{-1, -.6}, {-.6, -1}, {0, -.4}, {.6, -1}, {1, -.6}, {.4, 0},
			{1, .6}, {.6, 1}, {0, .4}, {-.6, 1}, {-1, .6}, {-.4, 0},
		}
	default:
		return nil
	}
}
