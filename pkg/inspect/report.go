package inspect

import (
	"fmt"
	"io"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// Report is what was found in files of policies. Its fields are the JSON output.
type Report struct {
	OK    bool         `json:"ok"` // no fault; a warning is none
	Files []FileReport `json:"files"`
}

// FileReport is what was found in one file.
type FileReport struct {
	File     string         `json:"file"`
	OK       bool           `json:"ok"`
	Policies []PolicyReport `json:"policies"` // those without a fault
	Faults   []FaultReport  `json:"faults"`
}

// PolicyReport is a policy that would serve.
type PolicyReport struct {
	Policy   string `json:"policy"` // namespace/name
	Line     int    `json:"line"`
	Revision string `json:"revision"`
}

// FaultReport is a fault or a warning.
type FaultReport struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Policy  string `json:"policy,omitempty"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Warning bool   `json:"warning"`

	text string
}

// Check judges files as the daemon would: each document by itself, and all of them
// together for conflicts.
func Check(files []source.File, clusterDomain string) Report {
	documents := control.Judge(files, clusterDomain)
	r := Report{OK: true, Files: []FileReport{}}
	for _, f := range files {
		file := FileReport{File: f.Place, OK: true, Policies: []PolicyReport{}, Faults: []FaultReport{}}
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

func (r *FileReport) add(d control.DocumentStatus) {
	if d.Condition == control.Accepted {
		r.Policies = append(r.Policies, PolicyReport{d.ID.String(), d.Line, d.Observed})
	} else {
		r.OK = false
	}
	for _, f := range control.Findings([]control.DocumentStatus{d}) {
		r.Faults = append(r.Faults, newFaultReport(f))
	}
}

func newFaultReport(f policy.Fault) FaultReport {
	report := FaultReport{Line: f.Line, Column: f.Column, Path: f.Path, Message: f.Message, Warning: f.Warning, text: f.Error()}
	if (f.Policy != policy.ID{}) {
		report.Policy = f.Policy.String()
	}
	return report
}

// Write writes a line for each fault, as place:line:column: path: message, and one
// for each file that has none.
func (r Report) Write(w io.Writer) error {
	for _, file := range r.Files {
		for _, f := range file.Faults {
			if _, err := fmt.Fprintln(w, f.text); err != nil {
				return err
			}
		}
		if !file.OK {
			continue
		}
		if _, err := fmt.Fprintf(w, "%s: %s, ok\n", file.File, command.Count(len(file.Policies), "policy", "policies")); err != nil {
			return err
		}
	}
	return nil
}
