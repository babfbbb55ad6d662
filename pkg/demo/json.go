package demo

import (
	"encoding/json"
	"io"
	"math"
	"time"
)

// report is the comparison as --output json writes it.
type report struct {
	Scenario   string           `json:"scenario"`
	DeadlineMS float64          `json:"deadline_ms"`
	Seed       uint64           `json:"seed"`
	Rate       float64          `json:"rate"`
	DurationS  float64          `json:"duration_s"`
	MedianMS   float64          `json:"upstream_p50_ms"` // measured before the strategies
	P99MS      float64          `json:"upstream_p99_ms"`
	Strategies []reportStrategy `json:"strategies"`
}

// reportStrategy is one row of the report. Only sequential has variants: all
// of them, of which it repeats the best.
type reportStrategy struct {
	Name         string  `json:"name"`
	Variant      string  `json:"variant,omitempty"`
	Calls        int     `json:"calls"`
	SuccessRatio float64 `json:"success_ratio"`
	P50MS        float64 `json:"p50_ms"`
	P99MS        float64 `json:"p99_ms"`
	P999MS       float64 `json:"p999_ms"`
	ExtraLoad    float64 `json:"extra_load"`
	LagP99MS     float64 `json:"lag_p99_ms"`
	// What the scenario adds, by name.
	Figures map[string]float64 `json:"figures,omitempty"`
	// How the plan followed the trouble, where that is looked at.
	Variants []reportStrategy `json:"variants,omitempty"`
}

// writeJSON writes the comparison for other programs.
func writeJSON(w io.Writer, c comparison) error {
	out := report{
		Scenario:   c.scenario.name,
		DeadlineMS: inMilliseconds(c.deadline),
		Seed:       c.seed,
		Rate:       c.rate,
		DurationS:  c.duration.Seconds(),
		MedianMS:   roundedMS(c.known.median),
		P99MS:      roundedMS(c.known.p99),
	}
	for _, r := range c.rivals() {
		row := c.row(r)
		if r.variant != "" {
			for _, v := range c.variants(r.name) {
				row.Variants = append(row.Variants, c.row(v))
			}
		}
		out.Strategies = append(out.Strategies, row)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

// row is a result as the report has it.
func (c *comparison) row(r result) reportStrategy {
	row := reportStrategy{
		Name:         r.name,
		Variant:      r.variant,
		Calls:        r.calls,
		SuccessRatio: rounded(r.successRatio()),
		P50MS:        roundedMS(r.p50),
		P99MS:        roundedMS(r.p99),
		P999MS:       roundedMS(r.p999),
		ExtraLoad:    rounded(r.extraLoad),
		LagP99MS:     roundedMS(r.lag),
	}
	for _, f := range c.scenario.figures {
		if row.Figures == nil {
			row.Figures = make(map[string]float64)
		}
		row.Figures[f.key] = rounded(f.value(c, &r))
	}
	return row
}

// rounded cuts the digits that mean nothing.
func rounded(ratio float64) float64 { return math.Round(ratio*1e6) / 1e6 }

func roundedMS(d time.Duration) float64 { return math.Round(inMilliseconds(d)*1e3) / 1e3 }
