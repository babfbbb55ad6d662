package main

import (
	"fmt"
	"io"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// report is what `hedged validate` found. Its fields are the JSON output.
type report struct {
	OK    bool         `json:"ok"`
	Files []fileReport `json:"files"`
}

type fileReport struct {
	File     string         `json:"file"`
	OK       bool           `json:"ok"`
	Policies []policyReport `json:"policies"` // those without a fault
	Faults   []faultReport  `json:"faults"`
}

type policyReport struct {
	Policy   string `json:"policy"` // namespace/name
	Line     int    `json:"line"`
	Revision string `json:"revision"`
}

type faultReport struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Policy  string `json:"policy,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Warning bool   `json:"warning"`

	text string
}

func newReport(files []source.File, documents []control.DocumentStatus) report {
	r := report{OK: true, Files: []fileReport{}}
	for _, f := range files {
		file := fileReport{File: f.Place, OK: true, Policies: []policyReport{}, Faults: []faultReport{}}
		for _, d := range documents {
			if d.Place == f.Place {
				file.add(d)
			}
		}
		r.OK = r.OK && file.OK
		r.Files = append(r.Files, file)
	}
	return r
}

func (r *fileReport) add(d control.DocumentStatus) {
	if d.Condition == control.Accepted {
		r.Policies = append(r.Policies, policyReport{d.ID.String(), d.Line, d.Observed})
	} else {
		r.OK = false
	}
	for _, faults := range []policy.Faults{d.Faults, d.Warnings} {
		for _, f := range faults {
			r.Faults = append(r.Faults, newFaultReport(f))
		}
	}
}

func newFaultReport(f policy.Fault) faultReport {
	report := faultReport{Line: f.Line, Column: f.Column, Path: f.Path, Message: f.Message, Warning: f.Warning, text: f.Error()}
	if (f.Policy != policy.ID{}) {
		report.Policy = f.Policy.String()
	}
	return report
}

func (r report) write(w io.Writer, output string) error {
	if output == "json" {
		return writeJSON(w, r)
	}
	for _, file := range r.Files {
		for _, f := range file.Faults {
			if _, err := fmt.Fprintln(w, f.text); err != nil {
				return err
			}
		}
		if !file.OK {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s: %s, ok\n", file.File, count(len(file.Policies), "policy", "policies")); err != nil {
			return err
		}
	}
	return nil
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
