package inspect

import (
	"context"
	"fmt"
	"io"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/proxy"
)

// Explanation is what a running daemon says of one policy. Its fields are the
// JSON output: the parts of /config_dump and /upstreams.
type Explanation struct {
	Policy   proxy.PolicyView   `json:"policy"`
	Upstream proxy.UpstreamView `json:"upstream"`
}

// Explanations are those of all policies of one daemon, by policy.
type Explanations struct {
	From string // the daemon, as messages call it
	All  []Explanation
}

// Explain asks for the policies and their upstreams. A policy that came between
// the two questions has no upstream yet.
func (p Port) Explain(ctx context.Context) (Explanations, error) {
	config, err := p.Config(ctx)
	if err != nil {
		return Explanations{}, err
	}
	var upstreams proxy.UpstreamsView
	if err := p.Read(ctx, "/upstreams", &upstreams); err != nil {
		return Explanations{}, err
	}
	of := map[string]proxy.UpstreamView{}
	for _, u := range upstreams.Upstreams {
		of[u.Policy] = u
	}
	e := Explanations{From: p.String(), All: []Explanation{}}
	for _, policy := range config.Policies {
		e.All = append(e.All, Explanation{policy, of[policy.Policy]})
	}
	return e, nil
}

// Find returns the explanation of the policy of that name, which may leave out
// the namespace.
func (e Explanations) Find(name string) (Explanation, error) {
	var ids []string
	for i := range e.All {
		ids = append(ids, e.All[i].Policy.Policy)
	}
	i, err := Choose(name, ids, e.From)
	if err != nil {
		return Explanation{}, err
	}
	return e.All[i], nil
}

// Write writes a line for each policy.
func (e Explanations) Write(w io.Writer) error {
	if len(e.All) == 0 {
		_, err := fmt.Fprintln(w, "no policy is in force")
		return err
	}
	t := command.Table{append([]string{"policy"}, Columns()...)}
	for i := range e.All {
		x := &e.All[i]
		t = append(t, append([]string{x.Policy.Policy}, x.Row()...))
	}
	return t.Write(w, "")
}

// Columns head what Row says of a policy.
func Columns() []string {
	return []string{"mode", "fan-out", "first hedge", "state", "rule", "failures", "planned load", "endpoints"}
}

// Row is the policy's plan in one line of a table.
func (x *Explanation) Row() []string {
	plan := &x.Policy.Plan
	return []string{
		x.mode(), fmt.Sprint(plan.FanOut), orDash(brief(plan.Stagger)),
		x.state(), orDash(string(plan.Rule)), x.figure(plan.Figures.FailureRate), x.figure(plan.Figures.Cost), x.closed(),
	}
}
