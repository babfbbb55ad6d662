package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/command"
)

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

  state  cold: too little is known yet; steady: as it has been; moved: its latency
         has changed, and hedges help all the same; overload: it has become slower,
         and hedges have not been seen to help since; pushback: it asked to be left
         alone
  rule   early: hedges come early, because what they save is worth their load;
         budget-bound: as many early hedges as the budget pays for; late: hedges
         come as late as a retry would, because earlier ones would save too
         little; stopped: no hedge; given: the policy says when hedges are sent

Shares of load count attempts beyond one a call: 10 % is 110 attempts for 100
calls.`,
		Example: `  hedged explain
  hedged explain catalog
  hedged explain shop/catalog --from 10.1.2.3:8082 --output json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return command.Usagef("%s takes one policy, and got %q as well", cmd.CommandPath(), args[1])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := from.Explain(cmd.Context())
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return command.Write(cmd.OutOrStdout(), output, all.All, all.Write)
			}
			one, err := all.Find(args[0])
			if err != nil {
				return err
			}
			return command.Write(cmd.OutOrStdout(), output, one, one.Write)
		},
	}
	command.Group(cmd.Flags(), "Flags", func(f *pflag.FlagSet) {
		fromFlag(f, &from)
		f.Var(command.NewChoice(&output, "text", "json"), "output", "how it is written")
	})
	return cmd
}
