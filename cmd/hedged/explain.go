package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/proxy"
)

// explanation is what a running daemon says of one policy. Its fields are the
// JSON output: the parts of /config_dump and /upstreams.
type explanation struct {
	Policy   proxy.PolicyView   `json:"policy"`
	Upstream proxy.UpstreamView `json:"upstream"`
}

func newExplain() *cobra.Command {
	var from debugPort
	var output string
	cmd := &cobra.Command{
		Use:   "explain [POLICY]",
		Short: "Say what plan a running daemon follows, and why",
		Long: `Say what plan a running daemon follows for a policy, and why: how many attempts
calls may have now and when, what state it takes the upstream for, which rule
decided, and the figures that it was decided by. POLICY is its name, or
namespace/name; without it there is a line for each.

  state  cold: too little is known yet; steady: as it has been; shift: its latency
         has changed; peak: it loses more than it did; overload-queueing: it is
         slower as a whole; overload-correlated: further attempts fail as first
         ones do; overload-hold: calm again, and not yet trusted
  rule   target-met: the least load that reaches the success target; tail: that,
         and what is left shortens the tail; budget-bound: the best that the budget
         pays for; no-gain: no further attempt would help; stopped: the overload
         gate is shut; given: the policy says so

Shares of load count attempts beyond one a call: 10 % is 110 attempts for 100
calls.`,
		Example: `  hedged explain
  hedged explain catalog
  hedged explain shop/catalog --from 10.1.2.3:8082 --output json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%s takes one policy, and got %q as well", cmd.CommandPath(), args[1])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := from.explain(cmd.Context())
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return writeOverview(cmd.OutOrStdout(), all, output)
			}
			one, err := all.find(args[0])
			if err != nil {
				return err
			}
			if output == "json" {
				return writeJSON(cmd.OutOrStdout(), one)
			}
			return one.write(cmd.OutOrStdout())
		},
	}
	group(cmd.Flags(), "Flags", func(f *pflag.FlagSet) {
		fromFlag(f, &from)
		f.Var(newChoice(&output, "text", "json"), "output", "how it is written")
	})
	return cmd
}

// explanations are those of all policies of one daemon, by policy.
type explanations struct {
	from string
	all  []explanation
}

// explain asks for the policies and their upstreams. A policy that came between
// the two questions has no upstream yet.
func (d *debugPort) explain(ctx context.Context) (explanations, error) {
	policies, err := d.policies(ctx)
	if err != nil {
		return explanations{}, err
	}
	var upstreams proxy.UpstreamsView
	if err := d.read(ctx, "/upstreams", &upstreams); err != nil {
		return explanations{}, err
	}
	of := map[string]proxy.UpstreamView{}
	for _, u := range upstreams.Upstreams {
		of[u.Policy] = u
	}
	e := explanations{from: d.url, all: []explanation{}}
	for _, p := range policies {
		e.all = append(e.all, explanation{p, of[p.Policy]})
	}
	return e, nil
}

// find returns the explanation of the policy of that name.
func (e explanations) find(name string) (explanation, error) {
	var ids []string
	for i := range e.all {
		ids = append(ids, e.all[i].Policy.Policy)
	}
	i, err := choose(name, ids, e.from)
	if err != nil {
		return explanation{}, err
	}
	return e.all[i], nil
}

// writeOverview writes a line for each policy.
func writeOverview(w io.Writer, e explanations, output string) error {
	if output == "json" {
		return writeJSON(w, e.all)
	}
	if len(e.all) == 0 {
		_, err := fmt.Fprintln(w, "no policy is in force")
		return err
	}
	t := table{{"policy", "mode", "fan-out", "first hedge", "state", "rule", "failures", "planned load", "endpoints"}}
	for i := range e.all {
		x := &e.all[i]
		plan := &x.Policy.Plan
		t = append(t, []string{
			x.Policy.Policy, x.mode(), fmt.Sprintf("%d of %d", plan.FanOut, x.Policy.Spec.FanOut.Max), orDash(brief(plan.Stagger)),
			x.state(), orDash(string(plan.Rule)), x.figure(plan.Figures.FailureRate), x.figure(plan.Figures.Cost), x.closed(),
		})
	}
	return t.write(w, "")
}
