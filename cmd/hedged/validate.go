package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/pkg/source"
)

// validation is how `hedged validate` looks at policies.
type validation struct {
	namespace     string
	clusterDomain string
	output        string
}

func newValidate() *cobra.Command {
	var v validation
	cmd := &cobra.Command{
		Use:   "validate FILE...",
		Short: "Check policies, and say everything that is wrong with them",
		Long: `Check policies as the daemon would load them: each document by itself, and all
of them together for conflicts. FILE may be a directory, or - for the standard
input. Every fault is printed as file:line:column: path: message. The exit code
is 1 if there is one; a warning alone is none.`,
		Example: `  hedged validate policies/
  kubectl get configmap catalog -o jsonpath='{.data.policy\.yaml}' | hedged validate -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return command.Usagef("%s needs a file, a directory or - (the standard input)", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return v.run(cmd.Context(), args, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	command.Group(cmd.Flags(), "Flags", func(flags *pflag.FlagSet) {
		flags.Var(command.NewChoice(&v.output, "text", "json"), "output", "how the result is written")
		flags.StringVar(&v.namespace, "namespace", "default", "the policies' `NAMESPACE`")
		flags.StringVar(&v.clusterDomain, "cluster-domain", "cluster.local", "the Kubernetes cluster's `DOMAIN`")
	})
	return cmd
}

func (v validation) run(ctx context.Context, names []string, stdin io.Reader, stdout io.Writer) error {
	var files []source.File
	for _, name := range names {
		found, err := inspect.Files(ctx, name, v.namespace, stdin)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	r := inspect.Check(files, v.clusterDomain)
	if err := command.Write(stdout, v.output, r, r.Write); err != nil {
		return err
	}
	if !r.OK {
		return command.ErrFound
	}
	return nil
}
