package demo

import (
	"fmt"
	"time"

	"hedged.dev/hedged/pkg/plot"
)

// timeBin is the stretch of time that one step of the time line stands for.
const timeBin = 250 * time.Millisecond

// timePlot draws each strategy's success over time, over what troubles the
// upstream: who feels it, and for how long.
func timePlot(c comparison) []byte {
	const title = "Success within the deadline, over time"
	const band, gap = 54.0, 38.0
	rivals := c.rivals()
	top := 70 + float64(len(c.tracks))*trackHeight + 36
	lowest := 0.9
	for _, r := range rivals {
		lowest = min(lowest, lowestSuccess(&r, c.duration))
	}
	v := &plot.Canvas{Width: 860, Height: top + float64(len(rivals))*(band+gap)}
	subtitle := fmt.Sprintf("In each quarter second; seed %d, %g calls a second.", c.seed, c.rate)
	if len(c.tracks) > 0 {
		subtitle += " Shaded: " + c.scenario.trouble + ", the same for all."
	}
	v.Heading(84, title, subtitle)
	x := plot.Scale{To: c.duration.Seconds(), At: 84, End: 836}
	panels := make([]plot.Scale, len(rivals))
	for i := range panels {
		head := top + float64(i)*(band+gap)
		panels[i] = plot.Scale{From: 1, To: lowest, At: head, End: head + band}
	}
	drawTracks(v, c.tracks, x, 70, panels)
	for i, r := range rivals {
		y := panels[i]
		v.Text(plot.Point{X: x.At, Y: y.At - 9}, plot.Label{Text: r.title(), Bold: r.name == champion})
		v.Text(plot.Point{X: x.End, Y: y.At - 9}, plot.Label{Text: fmt.Sprintf("%.3f %% in time", 100*r.successRatio()), Anchor: plot.End, Colour: plot.Soft})
		drawSuccesses(v, r, c.duration, x, y)
	}
	drawSeconds(v, x, panels[len(panels)-1].End)
	return v.Document(title)
}

// drawSuccesses draws the share of a strategy's calls in time as a step line.
func drawSuccesses(v *plot.Canvas, r result, duration time.Duration, x, y plot.Scale) {
	for _, share := range []float64{y.To, 1} {
		v.Line(plot.Point{X: x.At, Y: y.Place(share)}, plot.Point{X: x.End, Y: y.Place(share)}, plot.Style{Colour: plot.Lines, Width: 1})
		v.Text(plot.Point{X: x.At - 8, Y: y.Place(share) + 4}, plot.Label{Text: plot.Percent(share), Anchor: plot.End, Colour: plot.Soft, Size: 11})
	}
	look := styleOf(r.name)
	look.Dash, look.Width = "", 2
	steps := plot.Staircase(successes(r.samples, duration), timeBin.Seconds(), x, y)
	v.Area(append(steps, plot.Point{X: x.End, Y: y.At}, plot.Point{X: x.At, Y: y.At}), look.Colour, 0.3)
	v.Polyline(steps, look)
}

// drawSeconds writes the time below the last panel.
func drawSeconds(v *plot.Canvas, x plot.Scale, bottom float64) {
	for _, tick := range plot.RoundSteps(x.To, 8) {
		v.Text(plot.Point{X: x.Place(tick), Y: bottom + 20}, plot.Label{Text: fmt.Sprintf("%g s", tick), Anchor: plot.Middle, Colour: plot.Soft})
	}
}

// successes returns the share of calls in time in each timeBin, by when they
// were due. One without calls has the share of the one before.
func successes(samples []sample, duration time.Duration) []float64 {
	bins := max(int((duration+timeBin-1)/timeBin), 1)
	due, good := make([]int, bins), make([]int, bins)
	for _, s := range samples {
		bin := min(int(s.at/timeBin), bins-1)
		due[bin]++
		if s.end == succeeded {
			good[bin]++
		}
	}
	shares := make([]float64, bins)
	last := 1.0
	for i := range shares {
		if due[i] > 0 {
			last = float64(good[i]) / float64(due[i])
		}
		shares[i] = last
	}
	return shares
}
