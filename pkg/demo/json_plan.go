package demo

import (
	"encoding/json"
	"io"
)

// planReport is a strategy's plan over time, with what troubled the upstream.
// Seconds count from the end of the warm-up.
type planReport struct {
	Scenario string        `json:"scenario"`
	Seed     uint64        `json:"seed"`
	Strategy string        `json:"strategy"`
	Troubles []planTrouble `json:"troubles"`
	Plans    []planLook    `json:"plans"`
}

// planTrouble is one stretch of trouble.
type planTrouble struct {
	What  string  `json:"what"`
	FromS float64 `json:"from_s"`
	ToS   float64 `json:"to_s"`
}

// planLook is the plan at one instant.
type planLook struct {
	AtS           float64  `json:"at_s"`
	FanOut        int      `json:"fan_out"`
	Hedges        int      `json:"hedges"`
	HedgeShare    float64  `json:"hedge_share"`
	FirstOffsetMS *float64 `json:"first_offset_ms"` // null: no hedge
	State         string   `json:"state"`
	Rule          string   `json:"rule"`
	Independence  float64  `json:"independence"` // how far hedging is left alone: 1 fully, 0 not at all
	Reason        string   `json:"reason"`
}

// writePlanJSON writes a strategy's plan over time for other programs.
func writePlanJSON(w io.Writer, c comparison, r *result) error {
	out := planReport{Scenario: c.scenario.name, Seed: c.seed, Strategy: r.title(), Troubles: []planTrouble{}}
	for _, t := range c.tracks {
		for _, p := range t.peaks {
			out.Troubles = append(out.Troubles, planTrouble{What: t.title, FromS: rounded(p.from.Seconds()), ToS: rounded(p.to.Seconds())})
		}
	}
	for _, p := range r.plans {
		look := planLook{
			AtS: rounded(p.at.Seconds()), FanOut: p.FanOut, Hedges: p.Hedges, HedgeShare: p.HedgeShare, State: p.State, Rule: p.Rule, Independence: p.Figures.Independence, Reason: p.Reason,
		}
		if d, ok := p.offset(); ok {
			look.FirstOffsetMS = new(roundedMS(d))
		}
		out.Plans = append(out.Plans, look)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(out)
}
