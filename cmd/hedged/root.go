package main

import (
	"github.com/spf13/cobra"

	"hedged.dev/hedged/pkg/command"
)

func newRoot(std command.Streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "hedged",
		Short: "Hedged calls by policy",
		Long: `hedged sends a call to more than one endpoint when the first is slow or fails,
and returns the first good answer within the deadline. Policies say how.`,
		Example: `  hedged demo                        # see it work, on this machine alone
  hedged validate policies/          # check policies
  hedged serve --policies policies/  # run the daemon
  hedged explain                     # what it does now, and why
  hedged simulate --list             # what policies can be tried on`,
	}
	return command.Prepare(root, std, newServe(), newExplain(), newRecord(), newSimulate(), newDemo(), newValidate(), newSelftest(), newVersion())
}
