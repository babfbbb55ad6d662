package demo

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// timeBin is the stretch of time that one step of the time line stands for.
const timeBin = 250 * time.Millisecond

// timePlot draws each strategy's success over time, over the peaks of the
// replicas: who feels a peak, and for how long.
func timePlot(c comparison) []byte {
	const title = "Success within the deadline, over time"
	const top, band, gap = 154.0, 54.0, 38.0
	rivals := c.rivals()
	lowest := 0.9
	for _, r := range rivals {
		lowest = min(lowest, math.Floor(10*slices.Min(successes(r.samples, c.duration)))/10)
	}
	v := &canvas{width: 860, height: top + float64(len(rivals))*(band+gap)}
	v.heading(84, title, fmt.Sprintf("In each quarter second; shaded: a replica in a peak. The same peaks for all; seed %d, %g calls a second.", c.seed, c.rate))
	x := scale{from: 0, to: c.duration.Seconds(), at: 84, end: 836, warp: linear}
	bottom := top + float64(len(rivals))*(band+gap) - gap

	for i, peaks := range c.peaks {
		row := 70 + float64(i)*16
		v.text(point{x.at - 10, row + 10}, label{text: fmt.Sprintf("replica %d", i+1), anchor: "end", colour: softColour, size: 12})
		v.rectangle(point{x.at, row + 1}, point{x.end, row + 12}, trackColour)
		for _, p := range peaks {
			from, to := x.place(p.from.Seconds()), x.place(p.to.Seconds())
			v.rectangle(point{from, row + 1}, point{to, row + 12}, peakInk)
			for j := range rivals {
				head := top + float64(j)*(band+gap)
				v.area([]point{{from, head}, {to, head}, {to, head + band}, {from, head + band}}, peakColour, 0.55)
			}
		}
	}
	for i, r := range rivals {
		head := top + float64(i)*(band+gap)
		y := scale{from: 1, to: lowest, at: head, end: head + band, warp: linear}
		for _, share := range []float64{lowest, 1} {
			v.line(point{x.at, y.place(share)}, point{x.end, y.place(share)}, style{colour: gridColour, width: 1})
			v.text(point{x.at - 8, y.place(share) + 4}, label{text: percent(share), anchor: "end", colour: softColour, size: 11})
		}
		v.text(point{x.at, head - 9}, label{text: r.title(), anchor: "start", colour: inkColour, bold: r.name == champion})
		v.text(point{x.end, head - 9}, label{text: fmt.Sprintf("%.3f %% in time", 100*r.successRatio()), anchor: "end", colour: softColour})
		look := styleOf(r.name)
		look.dash, look.width = "", 2
		steps := successSteps(r.samples, c.duration, x, y)
		v.area(append(steps, point{x.end, y.at}, point{x.at, y.at}), look.colour, 0.3)
		v.polyline(steps, look)
	}
	for _, tick := range roundSteps(c.duration.Seconds(), 8) {
		v.text(point{x.place(tick), bottom + 20}, label{text: fmt.Sprintf("%g s", tick), anchor: "middle", colour: softColour})
	}
	return v.document(title)
}

// successSteps returns the step line of the share of calls in time, by when
// they were due.
func successSteps(samples []sample, duration time.Duration, x, y scale) []point {
	var points []point
	for i, share := range successes(samples, duration) {
		from, to := time.Duration(i)*timeBin, time.Duration(i+1)*timeBin
		points = append(points, point{x.place(from.Seconds()), y.place(share)}, point{x.place(to.Seconds()), y.place(share)})
	}
	return points
}

// successes returns the share of calls in time in each timeBin. One without
// calls has the share of the one before.
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
