package demo

import (
	"fmt"
	"math"
	"time"
)

// latencyPlot draws for each strategy which share of its calls took longer
// than a time: the tail that averages hide.
func latencyPlot(c comparison) []byte {
	const title = "How many calls take longer than …"
	v := &canvas{width: 860, height: 560}
	v.heading(78, title, fmt.Sprintf("%s calls a strategy, %g a second, three replicas with random peaks, deadline %v, seed %d",
		thousands(c.results[0].calls), c.rate, c.deadline, c.seed))

	deadline := inMilliseconds(c.deadline)
	x := scale{from: 2, to: 1.5 * deadline, at: 78, end: 650, warp: math.Log10}
	y := scale{from: 1, to: floorShare(c.results[0].calls), at: 82, end: 474, warp: math.Log10}
	for share := 1.0; share >= y.to*0.999; share /= 10 {
		v.line(point{x.at, y.place(share)}, point{x.end, y.place(share)}, style{colour: gridColour, width: 1})
		v.text(point{x.at - 8, y.place(share) + 4}, label{text: percent(share), anchor: "end", colour: softColour})
	}
	for _, tick := range logTicks(x.from, x.to) {
		v.line(point{x.place(tick), y.at}, point{x.place(tick), y.end}, style{colour: gridColour, width: 1})
		v.text(point{x.place(tick), y.end + 20}, label{text: plain(tick), anchor: "middle", colour: softColour})
	}
	v.line(point{x.at, y.end}, point{x.end, y.end}, style{colour: softColour, width: 1})
	v.text(point{(x.at + x.end) / 2, y.end + 44}, label{text: "latency from the instant the call was due, ms", anchor: "middle", colour: inkColour})
	v.text(point{22, (y.at + y.end) / 2}, label{text: "share of calls that take longer", anchor: "middle", colour: inkColour, turned: true})

	at := x.place(deadline)
	v.line(point{at, y.at}, point{at, y.end}, style{colour: alertColour, width: 1.5, dash: "4 3"})
	v.text(point{at - 6, y.at + 16}, label{text: "deadline", anchor: "end", colour: alertColour})

	for i, r := range c.rivals() {
		look := styleOf(r.name)
		v.polyline(tail(sortedLatencies(r.samples, c.deadline), x, y), look)
		row := y.at + 14 + float64(i)*42
		v.line(point{672, row - 4}, point{704, row - 4}, look)
		v.text(point{712, row}, label{text: r.title(), anchor: "start", colour: inkColour, bold: r.name == champion})
		v.text(point{712, row + 16}, label{text: fmt.Sprintf("p99.9 %s", milliseconds(r.p999)), anchor: "start", colour: softColour, size: 12})
	}
	v.text(point{x.at, v.height - 10}, label{
		text:   fmt.Sprintf("A call that failed counts as %v or its own time, the longer: the step at the deadline is the calls that missed it.", c.deadline),
		anchor: "start", colour: softColour, size: 12,
	})
	return v.document(title)
}

// tail returns the points of the share of calls above each latency.
func tail(sorted []time.Duration, x, y scale) []point {
	points := []point{{x.at, y.at}}
	n := float64(len(sorted))
	for i, d := range sorted {
		here, above := x.place(inMilliseconds(d)), (n-float64(i)-1)/n
		last := points[len(points)-1]
		next := point{here, y.end}
		if above > 0 {
			next.y = y.place(above)
		}
		// A path of all calls would be megabytes of points that nobody sees.
		if i < len(sorted)-1 && math.Abs(next.x-last.x) < 0.3 && math.Abs(next.y-last.y) < 0.3 {
			continue
		}
		points = append(points, point{here, last.y}, next)
	}
	return points
}

// floorShare is the power of ten below the share of one call in so many: the
// place of none.
func floorShare(calls int) float64 {
	return math.Pow(10, -math.Floor(math.Log10(max(float64(calls), 10)))-1)
}

// logTicks returns 1, 2 and 5 times the powers of ten within the range.
func logTicks(from, to float64) []float64 {
	var ticks []float64
	for power := math.Pow(10, math.Floor(math.Log10(from))); power <= to; power *= 10 {
		for _, factor := range []float64{1, 2, 5} {
			if tick := factor * power; tick >= from && tick <= to {
				ticks = append(ticks, tick)
			}
		}
	}
	return ticks
}

// plain writes a number with the digits that it needs.
func plain(v float64) string { return fmt.Sprintf("%g", v) }

// percent writes a share with the digits that it needs.
func percent(share float64) string { return fmt.Sprintf("%.4g %%", 100*share) }

// thousands writes a count with a comma at each thousand.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
