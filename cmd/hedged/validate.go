package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/control"
	"hedged.dev/hedged/pkg/policy"
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
				return usagef("%s needs a file, a directory or - (the standard input)", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return v.run(cmd.Context(), args, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	group(cmd.Flags(), "Flags", func(flags *pflag.FlagSet) {
		flags.Var(newChoice(&v.output, "text", "json"), "output", "how the result is written")
		flags.StringVar(&v.namespace, "namespace", "default", "the policies' `NAMESPACE`")
		flags.StringVar(&v.clusterDomain, "cluster-domain", "cluster.local", "the Kubernetes cluster's `DOMAIN`")
	})
	return cmd
}

func (v validation) run(ctx context.Context, names []string, stdin io.Reader, stdout io.Writer) error {
	var files []source.File
	for _, name := range names {
		found, err := v.read(ctx, name, stdin)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	documents, err := v.judge(ctx, files)
	if err != nil {
		return err
	}
	r := newReport(files, documents)
	if err := r.write(stdout, v.output); err != nil {
		return err
	}
	if !r.OK {
		return errFound
	}
	return nil
}

// read reads a file, the standard input, or what the daemon would read of a
// directory.
func (v validation) read(ctx context.Context, name string, stdin io.Reader) ([]source.File, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return v.readDirectory(ctx, name)
	}
	f := source.File{Place: filepath.Clean(name), Namespace: v.namespace}
	var err error
	if name == "-" {
		f.Data, err = io.ReadAll(stdin)
	} else {
		f.Data, err = os.ReadFile(name)
	}
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		err = cause.Err // the place names the file
	}
	if err != nil {
		f.Err = fmt.Errorf("cannot be read: %w", err)
	}
	return []source.File{f}, nil
}

// readDirectory takes the first snapshot of the daemon's own source, so that
// both agree on what a file of policies is.
func (v validation) readDirectory(ctx context.Context, name string) ([]source.File, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var files []source.File
	err := source.NewDirectory(name, v.namespace, discard()).Run(ctx, func(s source.Snapshot) {
		files = s.Files
		cancel()
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no *.yaml, *.yml or *.json file", name)
	}
	return files, err
}

// judge has the daemon's own policy loop decide once what would serve.
func (v validation) judge(ctx context.Context, files []source.File) ([]control.DocumentStatus, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	loop := control.New(control.Options{
		Sources:       []control.Source{given(files)},
		ClusterDomain: v.clusterDomain,
		Publish:       func(*policy.Table) { cancel() },
		Log:           discard(),
	})
	err := loop.Run(ctx)
	return loop.Status().Documents, err
}

// given is a source that has the files it was given, and no others later.
type given []source.File

// Run emits the files once.
func (g given) Run(_ context.Context, emit func(source.Snapshot)) error {
	emit(source.Snapshot{Files: g})
	return nil
}

// discard is a log that nobody reads: what is wrong is the command's output.
func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }
