package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hedged.dev/hedged/test/cluster/control"
)

// report is what the tests measured.
type report struct {
	mu   sync.Mutex
	rows []row
}

// row is one measurement, and what it is held to.
type row struct {
	Test     string `json:"test"`
	What     string `json:"what"`
	Measured string `json:"measured"`
	Bound    string `json:"bound"` // "" is none
	OK       bool   `json:"ok"`
	Void     bool   `json:"void,omitempty"` // its control was bad: nothing is shown
	Details  any    `json:"details,omitempty"`
}

// hold notes a measurement and fails the test if it is not ok.
func hold(t *testing.T, ok bool, what, measured, bound string, details any) {
	t.Helper()
	world.report.mu.Lock()
	world.report.rows = append(world.report.rows, row{Test: t.Name(), What: what, Measured: measured, Bound: bound, OK: ok, Details: details})
	world.report.mu.Unlock()
	t.Logf("%s: %s (bound: %s)", what, measured, bound)
	if !ok {
		t.Errorf("%s: %s, and should be %s", what, measured, bound)
	}
}

// within notes how long something took.
func within(t *testing.T, what string, took, bound time.Duration) {
	t.Helper()
	hold(t, took <= bound, what, took.Round(time.Millisecond).String(), "at most "+bound.String(), nil)
}

// note notes what is not held to anything.
func note(t *testing.T, what, measured string, details any) {
	t.Helper()
	hold(t, true, what, measured, "", details)
}

// void notes a run that says nothing, since its control was bad.
func void(t *testing.T, what string, run int, bad string, last bool) {
	t.Helper()
	text := control.Void(what, run, bad, last)
	world.report.mu.Lock()
	world.report.rows = append(world.report.rows, row{Test: t.Name(), What: what, Measured: text, Void: true})
	world.report.mu.Unlock()
	t.Log(text)
}

// percent is a share as results show it.
func percent(share float64) string { return fmt.Sprintf("%.3f %%", 100*share) }

// write writes the report as a table and as JSON.
func (r *report) write(folder string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r.rows, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "results.json"), data, 0o644); err != nil {
		return err
	}
	var table strings.Builder
	table.WriteString("| test | what | measured | bound | |\n|---|---|---|---|---|\n")
	for _, row := range r.rows {
		mark := "ok"
		switch {
		case row.Void:
			mark = "VOID"
		case !row.OK:
			mark = "FAILED"
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", row.Test, row.What, row.Measured, row.Bound, mark)
	}
	fmt.Fprint(os.Stderr, "\n", table.String())
	return os.WriteFile(filepath.Join(folder, "results.md"), []byte(table.String()), 0o644)
}
