package plot_test

import (
	"fmt"
	"strings"

	"hedged.dev/hedged/pkg/plot"
)

// A panel with one series over time.
func Example() {
	c := &plot.Canvas{Width: 400, Height: 300}
	x := plot.Axis{Scale: plot.Scale{To: 10, At: 70, End: 380}, Title: "time, s", Ticks: plot.RoundSteps(10, 5)}
	y := plot.Axis{Scale: plot.Scale{To: 1, At: 240, End: 70}, Title: "success", Ticks: []float64{0, 0.5, 1}, Write: plot.Percent}
	c.Heading(70, "Success over time", "in each second")
	c.Frame(x, y)
	c.Polyline(plot.Staircase([]float64{1, 0.8, 1}, 1, x.Scale, y.Scale), plot.Style{Colour: plot.Blue, Width: 2})
	svg := string(c.Document("Success over time"))
	fmt.Println(strings.Count(svg, "<polyline"), "line,", strings.Count(svg, "<text"), "texts")
	// Output: 1 line, 13 texts
}
