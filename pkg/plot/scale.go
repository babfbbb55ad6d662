package plot

import "math"

// Scale maps values to places along one axis.
type Scale struct {
	From, To float64 // values; From may be the greater
	At, End  float64 // the places of From and To
	// Warp says what is equally far apart: with nil equal differences, with
	// math.Log10 equal factors. It is defined on all from From to To.
	Warp func(float64) float64
}

// Place returns where the value is, kept within the axis. On an axis of one
// value that is At.
func (s Scale) Place(value float64) float64 {
	warp := s.Warp
	if warp == nil {
		warp = linear
	}
	if s.From == s.To {
		return s.At
	}
	value = min(max(value, min(s.From, s.To)), max(s.From, s.To))
	share := (warp(value) - warp(s.From)) / (warp(s.To) - warp(s.From))
	return s.At + share*(s.End-s.At)
}

func linear(v float64) float64 { return v }

// RoundSteps returns 0 and the multiples of a round step up to most, about so
// many. There are none if most is not above 0.
func RoundSteps(most float64, about int) []float64 {
	rough := most / float64(about)
	if !(rough > 0) || math.IsInf(rough, 0) {
		return nil
	}
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

// LogSteps returns 1, 2 and 5 times the powers of ten within the range. There
// are none if its ends are not above 0.
func LogSteps(from, to float64) []float64 {
	if !(from > 0) || math.IsInf(to, 0) {
		return nil
	}
	var steps []float64
	for power := math.Pow(10, math.Floor(math.Log10(from))); power <= to; power *= 10 {
		for _, factor := range []float64{1, 2, 5} {
			if step := factor * power; step >= from && step <= to {
				steps = append(steps, step)
			}
		}
	}
	return steps
}

// Staircase returns the step line of values that each hold for so long, the
// first from 0 on.
func Staircase(values []float64, each float64, x, y Scale) []Point {
	points := make([]Point, 0, 2*len(values))
	for i, v := range values {
		points = append(points,
			Point{x.Place(float64(i) * each), y.Place(v)},
			Point{x.Place(float64(i+1) * each), y.Place(v)})
	}
	return points
}
