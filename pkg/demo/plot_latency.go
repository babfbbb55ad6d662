package demo

import (
	"fmt"
	"math"
	"time"

	"hedged.dev/hedged/pkg/plot"
)

// latencyPlot draws for each strategy which share of its calls took longer
// than a time: the tail that averages hide.
func latencyPlot(c comparison) []byte {
	const title = "How many calls take longer than …"
	v := &plot.Canvas{Width: 860, Height: 560}
	v.Heading(78, title, fmt.Sprintf("%s calls a strategy, %g a second, %s, deadline %v, seed %d",
		thousands(c.results[0].calls), c.rate, c.scenario.about, c.deadline, c.seed))

	deadline := inMilliseconds(c.deadline)
	x := plot.Axis{
		Scale: plot.Scale{From: min(2, c.known.median.Seconds()*1e3/2), To: 1.5 * deadline, At: 78, End: 650, Warp: math.Log10},
		Title: "latency from the instant the call was due, ms",
	}
	x.Ticks = plot.LogSteps(x.From, x.To)
	y := plot.Axis{
		Scale: plot.Scale{From: 1, To: floorShare(c.results[0].calls), At: 82, End: 474, Warp: math.Log10},
		Title: "share of calls that take longer",
		Write: plot.Percent,
	}
	for share := 1.0; share >= y.To*0.999; share /= 10 {
		y.Ticks = append(y.Ticks, share)
	}
	v.Frame(x, y)
	v.Limit(x.Scale, y.Scale, deadline, "deadline")
	for i, r := range c.rivals() {
		v.Polyline(tail(sortedLatencies(r.samples, c.deadline), x.Scale, y.Scale), styleOf(r.name))
		v.LegendLine(plot.Point{X: 672, Y: y.At + 14 + float64(i)*42}, plot.Entry{
			Style: styleOf(r.name), Text: r.title(), Note: "p99.9 " + milliseconds(r.p999), Bold: r.name == champion,
		})
	}
	v.Text(plot.Point{X: x.At, Y: v.Height - 10}, plot.Label{
		Text:   fmt.Sprintf("A call that failed counts as %v or its own time, the longer: the step at the deadline is the calls that missed it.", c.deadline),
		Colour: plot.Soft, Size: 12,
	})
	return v.Document(title)
}

// tail returns the points of the share of calls above each latency.
func tail(sorted []time.Duration, x, y plot.Scale) []plot.Point {
	points := []plot.Point{{X: x.At, Y: y.At}}
	n := float64(len(sorted))
	for i, d := range sorted {
		here, above := x.Place(inMilliseconds(d)), (n-float64(i)-1)/n
		last := points[len(points)-1]
		next := plot.Point{X: here, Y: y.End}
		if above > 0 {
			next.Y = y.Place(above)
		}
		// A path of all calls would be megabytes of points that nobody sees.
		if i < len(sorted)-1 && math.Abs(next.X-last.X) < 0.3 && math.Abs(next.Y-last.Y) < 0.3 {
			continue
		}
		points = append(points, plot.Point{X: here, Y: last.Y}, next)
	}
	return points
}

// floorShare is the power of ten below the share of one call in so many: the
// place of none.
func floorShare(calls int) float64 {
	return math.Pow(10, -math.Floor(math.Log10(max(float64(calls), 10)))-1)
}

// thousands writes a count with a comma at each thousand.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
