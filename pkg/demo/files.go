package demo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// plots returns the plots of a comparison by the names of their files.
func plots(c comparison) map[string][]byte {
	drawn := map[string][]byte{
		"latency.svg":  latencyPlot(c),
		"tradeoff.svg": tradeoffPlot(c),
		"time.svg":     timePlot(c),
	}
	if r := c.planner(); r != nil {
		drawn["plan.svg"] = planPlot(c, r)
	}
	return drawn
}

// writeFiles writes the comparison and its plots into dir, which is made if it
// is not there.
func writeFiles(dir string, c comparison) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the output folder: %w", err)
	}
	files := plots(c)
	var report bytes.Buffer
	if err := writeJSON(&report, c); err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	files["comparison.json"] = report.Bytes()
	if r := c.planner(); r != nil {
		var plans bytes.Buffer
		if err := writePlanJSON(&plans, c, r); err != nil {
			return fmt.Errorf("write the plans: %w", err)
		}
		files["plan.json"] = plans.Bytes()
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil { //nolint:gosec // they are for everybody to look at
			return fmt.Errorf("write the comparison: %w", err)
		}
	}
	return nil
}
