package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hedged.dev/hedged/pkg/command"
)

// frame is what became of the calls in one interval. Its fields are the JSON output.
type frame struct {
	Time     time.Time    `json:"time"` // of its end
	Pods     int          `json:"pods"` // that told
	Policies []policyLoad `json:"policies"`
}

// policyLoad is one policy's share, over all pods.
type policyLoad struct {
	Policy              string   `json:"policy"`
	CallsPerSecond      float64  `json:"callsPerSecond"`
	Success             *float64 `json:"success,omitempty"`   // from 0 to 1; nil without calls
	ExtraLoad           *float64 `json:"extraLoad,omitempty"` // attempts ÷ calls − 1; nil without attempts
	SuppressedPerSecond float64  `json:"suppressedPerSecond"`
}

// load is the sum of what pods counted. Pods are looked at at different instants,
// so that each has rates of its own.
type load struct {
	counts
	callRate, suppressedRate float64 // a second
}

func (l load) add(c counts, seconds float64) load {
	return load{
		counts: counts{
			calls: l.calls + c.calls, succeeded: l.succeeded + c.succeeded, gone: l.gone + c.gone,
			first: l.first + c.first, attempts: l.attempts + c.attempts, suppressed: l.suppressed + c.suppressed,
		},
		callRate:       l.callRate + c.calls/seconds,
		suppressedRate: l.suppressedRate + c.suppressed/seconds,
	}
}

func (l load) of(policy string) policyLoad {
	p := policyLoad{Policy: policy, CallsPerSecond: l.callRate, SuppressedPerSecond: l.suppressedRate}
	if judged := l.calls - l.gone; judged > 0 {
		p.Success = new(l.succeeded / judged)
	}
	if l.first > 0 {
		p.ExtraLoad = new(l.attempts/l.first - 1)
	}
	return p
}

// sort brings the busiest to the top.
func (f *frame) sort() {
	slices.SortFunc(f.Policies, func(a, b policyLoad) int {
		return cmp.Or(-cmp.Compare(a.CallsPerSecond, b.CallsPerSecond), cmp.Compare(a.Policy, b.Policy))
	})
}

// write writes the frame as a table under a line that dates it.
func (f frame) write(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %s\n", f.Time.Format(time.TimeOnly), command.Count(f.Pods, "pod", "pods"))
	t := command.Table{{"calls/s", "success", "extra load", "suppressed/s", "policy"}}
	for _, p := range f.Policies {
		t = append(t, []string{
			fmt.Sprintf("%.1f", p.CallsPerSecond), share(p.Success), share(p.ExtraLoad), fmt.Sprintf("%.1f", p.SuppressedPerSecond), p.Policy,
		})
	}
	if len(f.Policies) == 0 {
		t = command.Table{{"no policy has had a call"}}
	}
	if err := t.Write(&b, ""); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func share(of *float64) string {
	if of == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", 100**of)
}

// redraw writes the frame over the last one, which had so many lines, on a terminal
// of so many lines. It returns its own number of lines.
func redraw(w io.Writer, f frame, last, height int) (lines int, err error) {
	var b strings.Builder
	if err := f.write(&b); err != nil {
		return 0, err
	}
	rows := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if most := max(height-1, 1); len(rows) > most { // the cursor stands on the last line
		rows = rows[:most]
	}
	up := ""
	if last > 0 {
		up = fmt.Sprintf("\x1b[%dA", last)
	}
	_, err = io.WriteString(w, up+"\r\x1b[J"+strings.Join(rows, "\n")+"\n")
	return len(rows), err
}
