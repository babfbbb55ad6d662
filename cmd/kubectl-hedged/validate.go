package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/pkg/source"
)

func newValidate() *cobra.Command {
	var names []string
	var output, clusterDomain string
	c := &cluster{kubernetes: genericclioptions.NewConfigFlags(true)}
	cmd := &cobra.Command{
		Use:   "validate -f FILE",
		Short: "Check policies, and say everything that is wrong with them",
		Long: `Check policies as the daemon would load them: each document by itself, and all of
them together for conflicts. No cluster is asked. FILE may be a directory, or - for
the standard input. It holds policies, or manifests: of these the ConfigMaps that are
labelled hedged.dev/policy=true are checked, key by key, and other objects are not.

Every fault is printed as place:line:column: path: message, in the words of the
daemon, of its webhook and of hedged validate. The place is the file, or
namespace/configmap/key. The exit code is 1 if there is one; a warning alone is none.`,
		Example: `  kubectl hedged validate -f policies/
  kustomize build deploy | kubectl hedged validate -f -
  kubectl get configmaps -l hedged.dev/policy=true -o yaml | kubectl hedged validate -f -`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(names) == 0 {
				return command.Usagef("%s needs -f with a file, a directory or - (the standard input)", cmd.CommandPath())
			}
			return command.NoArguments(cmd, args)
		},
	}
	command.Group(cmd.Flags(), "Flags", func(f *pflag.FlagSet) {
		f.StringArrayVarP(&names, "filename", "f", nil, "a `FILE` or a directory to check, or -; it may be given several times")
		outputFlag(f, &output)
		f.StringVar(&clusterDomain, "cluster-domain", "cluster.local", "the Kubernetes cluster's `DOMAIN`")
	})
	clusterFlags(cmd.Flags(), c.kubernetes)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		namespace, err := c.namespaceFlag()
		if err != nil {
			return err
		}
		files, err := policyFiles(cmd.Context(), names, namespace, command.Streams{In: cmd.InOrStdin(), Err: cmd.ErrOrStderr()})
		if err != nil {
			return err
		}
		r := inspect.Check(files, clusterDomain)
		if err := command.Write(cmd.OutOrStdout(), output, r, r.Write); err != nil {
			return err
		}
		if !r.OK {
			return command.ErrFound
		}
		return nil
	}
	return cmd
}

// policyFiles reads what names say, and takes the policies out of manifests.
func policyFiles(ctx context.Context, names []string, namespace string, std command.Streams) ([]source.File, error) {
	var files []source.File
	for _, name := range names {
		found, err := inspect.Files(ctx, name, namespace, std.In)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			policies, warnings := inspect.Unpack(f)
			files = append(files, policies...)
			for _, w := range warnings {
				warn(std.Err, "%s", w)
			}
		}
	}
	return files, nil
}
