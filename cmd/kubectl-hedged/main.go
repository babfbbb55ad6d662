package main

import (
	"github.com/spf13/cobra"

	"hedged.dev/hedged/pkg/command"
)

func main() {
	command.Main(func(std command.Streams) *cobra.Command { return newRoot(std, forward) })
}

// newRoot makes the command line. reach is how the pods' ports are got at.
func newRoot(std command.Streams, reach reach) *cobra.Command {
	root := &cobra.Command{
		Use:         "kubectl-hedged",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl hedged"},
		Short:       "Hedged calls by policy, seen from kubectl",
		Long: `kubectl hedged shows what the hedged daemons of a cluster do: which policies are in
force in which pods, what plan they follow and why, and what becomes of the calls.
It changes nothing.`,
		Example: `  kubectl hedged status                       # policies, their revisions and conditions, by pod
  kubectl hedged explain catalog              # the plan in force, and why
  kubectl hedged top                          # calls, success and extra load, live
  kubectl hedged validate -f deploy/          # check policies before they are applied
  kubectl hedged status -A -l app=my-hedged   # daemons that are labelled otherwise`,
	}
	root.CompletionOptions.DisableDefaultCmd = true // kubectl completes by other means
	return command.Prepare(root, std, newStatus(reach), newExplain(reach), newTop(reach), newValidate())
}
