package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// suiteLine is how the figures of a row stand in line.
const suiteLine = "%-21s %9s %8s %8s %7s   %-13s %9s %8s %7s   %9s %9s  %7s   %s\n"

// WriteSuiteHead writes the head of a suite's table.
func WriteSuiteHead(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%-21s %-35s   %-40s   %-19s\n"+suiteLine,
		"", "adaptive", "best honest rival within the budget", "success without",
		"scenario", "success", "p99", "p99.9", "extra", "rival", "success", "p99.9", "extra", "none", "no-hedge", "again", "verdict")
	return err
}

// Write writes the row as a line of a suite's table: percent and milliseconds.
func (r Row) Write(w io.Writer) error {
	percent := func(x *Result, of func(*Result) float64) string {
		if x == nil {
			return "-"
		}
		return fmt.Sprintf("%.3f", 100*of(x))
	}
	ms := func(x *Result, of func(*Result) float64) string {
		if x == nil {
			return "-"
		}
		return fmt.Sprintf("%.1f", of(x))
	}
	success := func(x *Result) float64 { return x.SuccessRatio }
	extra := func(x *Result) float64 { return x.ExtraLoad }
	p99 := func(x *Result) float64 { return x.P99MS }
	p999 := func(x *Result) float64 { return x.P999MS }
	own, rival := r.result(champion), r.result(r.Best)
	_, err := fmt.Fprintf(w, suiteLine, r.Scenario,
		percent(own, success), ms(own, p99), ms(own, p999), percent(own, extra),
		r.Best, percent(rival, success), ms(rival, p999), percent(rival, extra),
		percent(r.result(none), success), percent(r.result(noHedge), success), r.HedgesAgain, r.verdict())
	return err
}

func (r Row) verdict() string {
	if len(r.Lost) == 0 {
		return "ok"
	}
	return "lost: " + strings.Join(r.Lost, "; ")
}

// WriteSum writes what closes a suite's table.
func (s Suite) WriteSum(w io.Writer) error {
	seeds := "seed"
	if len(s.Seeds) > 1 {
		seeds = "means over seeds"
	}
	for i, seed := range s.Seeds {
		seeds += strings.Repeat(",", min(i, 1)) + fmt.Sprintf(" %d", seed)
	}
	_, err := fmt.Fprintf(w, "\n%d of %d rows lost, %s. Success and extra load are percent, latencies milliseconds.\n", s.Lost, len(s.Rows), seeds)
	return err
}

// WriteJSON writes the suite for other programs.
func (s Suite) WriteJSON(w io.Writer) error {
	for i := range s.Rows {
		row := &s.Rows[i]
		row.Allowed = digits(row.Allowed, 6)
		for k := range row.Results {
			row.Results[k].cut()
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(s)
}
