package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hedged.dev/hedged/pkg/plot"
)

// chart draws one of everything.
func chart() []byte {
	c := &plot.Canvas{Width: 600, Height: 400}
	c.Heading(80, `Success & "cost"`, "Better is up and to the left.")
	x := plot.Axis{Scale: plot.Scale{To: 40, At: 80, End: 440}, Title: "time, s", Ticks: plot.RoundSteps(40, 4)}
	y := plot.Axis{
		Scale: plot.Scale{From: 0.001, To: 1, At: 340, End: 80, Warp: math.Log10}, Title: "misses",
		Ticks: []float64{0.001, 0.01, 0.1, 1}, Write: plot.Percent,
	}
	c.Span(x.Scale, y.Scale, 10, 25)
	c.Frame(x, y)
	c.Limit(x.Scale, y.Scale, 30, "deadline")
	line := plot.Style{Colour: plot.Blue, Width: 3}
	steps := plot.Staircase([]float64{0.01, 0.2, 0.02}, 10, x.Scale, y.Scale)
	c.Area(append(steps, plot.Point{X: steps[len(steps)-1].X, Y: 340}, plot.Point{X: 80, Y: 340}), plot.Blue, 0.3)
	c.Polyline(steps, line)
	c.LegendLine(plot.Point{X: 460, Y: 90}, plot.Entry{Style: line, Text: "adaptive", Note: "p99.9 24 ms", Bold: true})
	for i, m := range []plot.Marker{plot.Circle, plot.Square, plot.Diamond, plot.Triangle, plot.Cross} {
		s := plot.Style{Colour: plot.Vermillion, Marker: m, Dash: "2 3", Width: 1}
		c.LegendMark(plot.Point{X: 460, Y: 140 + 24*float64(i)}, plot.Entry{Style: s, Text: "marker"})
		c.Mark(plot.Point{X: 120 + 30*float64(i), Y: 200}, s, true)
	}
	c.Rectangle(plot.Point{X: 80, Y: 62}, plot.Point{X: 440, Y: 70}, plot.Track)
	return c.Document(`Success & "cost"`)
}

func TestGolden(t *testing.T) {
	got, file := chart(), filepath.Join("testdata", "chart.svg")
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the chart (-want +got):\n%s", diff)
	}
	if again := chart(); !bytes.Equal(again, got) {
		t.Error("the same drawing gave other bytes")
	}
}

func TestDocumentIsXML(t *testing.T) {
	c := &plot.Canvas{Width: 10, Height: 10}
	c.Text(plot.Point{}, plot.Label{Text: `<script> & "quotes" ` + "\x00"})
	text := string(c.Document("a < b"))
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
}

func TestScale(t *testing.T) {
	up := plot.Scale{From: 0, To: 10, At: 100, End: 200}
	down := plot.Scale{From: 1, To: 0.5, At: 100, End: 200}
	factors := plot.Scale{From: 1, To: 100, At: 0, End: 10, Warp: math.Log10}
	point := plot.Scale{From: 3, To: 3, At: 7, End: 9}
	f := func(s plot.Scale, value, want float64) {
		t.Helper()
		if got := s.Place(value); math.Abs(got-want) > 1e-9 {
			t.Errorf("%g is at %g, want %g", value, got, want)
		}
	}

	f(up, 0, 100)
	f(up, 5, 150)
	f(up, 11, 200) // kept within
	f(up, -1, 100)
	f(down, 1, 100)
	f(down, 0.75, 150)
	f(down, 0.1, 200)
	f(factors, 10, 5)
	f(factors, 0, 0) // where the logarithm has no value
	f(point, 3, 7)
}

func TestSteps(t *testing.T) {
	f := func(got []float64, want ...float64) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
	}

	f(plot.RoundSteps(40, 8), 0, 5, 10, 15, 20, 25, 30, 35, 40)
	f(plot.RoundSteps(7, 7), 0, 1, 2, 3, 4, 5, 6, 7)
	f(plot.RoundSteps(0.3, 3), 0, 0.1, 0.2, 0.30000000000000004)
	f(plot.RoundSteps(95, 10), 0, 10, 20, 30, 40, 50, 60, 70, 80, 90)
	f(plot.RoundSteps(0, 8))
	f(plot.RoundSteps(math.Inf(1), 8))
	f(plot.RoundSteps(math.NaN(), 8))
	f(plot.LogSteps(2, 60), 2, 5, 10, 20, 50)
	f(plot.LogSteps(10, 10), 10)
	f(plot.LogSteps(0, 10))
	f(plot.LogSteps(1, math.Inf(1)))
}

func TestStaircase(t *testing.T) {
	x := plot.Scale{To: 4, At: 0, End: 40}
	y := plot.Scale{To: 1, At: 100, End: 0}
	want := []plot.Point{{X: 0, Y: 100}, {X: 20, Y: 100}, {X: 20, Y: 50}, {X: 40, Y: 50}}
	if diff := cmp.Diff(want, plot.Staircase([]float64{0, 0.5}, 2, x, y)); diff != "" {
		t.Errorf("points (-want +got):\n%s", diff)
	}
}

func TestWords(t *testing.T) {
	f := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}

	f(plot.Number(0.5), "0.5")
	f(plot.Number(200), "200")
	f(plot.Percent(0.999), "99.9 %")
	f(plot.Percent(0.00001), "0.001 %")
}
