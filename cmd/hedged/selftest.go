package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/kube"
	"hedged.dev/hedged/pkg/selftest"
)

func newSelftest() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "selftest",
		Short: "Test an installation from inside the cluster, as helm test does",
		Long: `Test an installation from inside the cluster, as helm test does. Each test says
what it sees until it has passed or its time is up; the last line says which,
and what to look at. The exit code is 1 if it failed.`,
		Example: `  hedged selftest upstream
  hedged selftest http --url http://hedged --host hedged-selftest
  hedged selftest grpc --address hedged:80 --authority hedged-selftest
  hedged selftest policy --namespace shop`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSelftestUpstream(), newSelftestHTTP(), newSelftestGRPC(), newSelftestPolicy())
	return cmd
}

func newSelftestUpstream() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "upstream",
		Short: "Serve as an upstream that leaves first attempts unanswered",
		Long: `Serve HTTP/1.1, h2c and gRPC (grpc.health.v1.Health) at one address. A first
attempt (hedged-attempt: 1) for path /slow, or a health check of service slow, is
left unanswered until it is cancelled: only a hedge gets an answer. Everything
else is answered at once.`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", address)
			if err != nil {
				return fmt.Errorf("--listen: %w", err)
			}
			name, err := os.Hostname()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "serving at %s\n", listener.Addr())
			return selftest.Serve(cmd.Context(), listener, name)
		},
	}
	command.Group(cmd.Flags(), "Flags", func(f *pflag.FlagSet) {
		f.StringVar(&address, "listen", ":8080", "the `ADDRESS` to serve at")
	})
	return cmd
}

func newSelftestHTTP() *cobra.Command {
	var url, host string
	return newTest("http", "Test that a call by HTTP is hedged",
		`Call path /slow through hedged until a hedge answers it. The upstream of the
host's policy has to be hedged selftest upstream.`,
		func(f *pflag.FlagSet) {
			f.StringVar(&url, "url", "http://hedged", "the `URL` of hedged, without a path")
			f.StringVar(&host, "host", "hedged-selftest", "the `HOST` of the policy")
		},
		func() (selftest.Test, func(), error) { return selftest.HTTP(url, host), func() {}, nil })
}

func newSelftestGRPC() *cobra.Command {
	var address, authority string
	return newTest("grpc", "Test that a call by gRPC is hedged",
		`Ask for the health of service slow through hedged until a hedge answers. The
upstream of the authority's policy has to be hedged selftest upstream.`,
		func(f *pflag.FlagSet) {
			f.StringVar(&address, "address", "hedged:80", "the `ADDRESS` of hedged")
			f.StringVar(&authority, "authority", "hedged-selftest", "the `HOST` of the policy")
		},
		func() (selftest.Test, func(), error) { return selftest.GRPC(address, authority), func() {}, nil })
}

func newSelftestPolicy() *cobra.Command {
	var namespace string
	return newTest("policy", "Test that the API server refuses a broken policy",
		`Ask the API server to store a broken policy, and a good one, both as a dry run.
The webhook of hedged has to refuse the first, and say where it is broken. It
needs the verb create for configmaps in the namespace.`,
		func(f *pflag.FlagSet) {
			f.StringVar(&namespace, "namespace", "", "a `NAMESPACE` that hedged reads policies of (default: the pod's own, else default)")
		},
		func() (selftest.Test, func(), error) {
			namespace = cmp.Or(namespace, podNamespace(), "default")
			client, err := kube.NewClient(kube.ClientOptions{Version: currentBuild().Version})
			if err != nil {
				return selftest.Test{}, nil, err
			}
			return selftest.Policy(namespace, client.CoreV1().ConfigMaps(namespace)), client.Close, nil
		})
}

// newTest makes the command of a test. prepare makes the test once the flags are
// read; the function that it returns lets go of what the test needed.
func newTest(use, short, long string, flags func(*pflag.FlagSet), prepare func() (selftest.Test, func(), error)) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if timeout <= 0 {
				return command.Usagef("--timeout must be positive")
			}
			test, done, err := prepare()
			if err != nil {
				return err
			}
			defer done()
			return runTest(cmd.Context(), cmd.OutOrStdout(), test, timeout)
		},
	}
	command.Group(cmd.Flags(), "Flags", func(f *pflag.FlagSet) {
		flags(f)
		f.DurationVar(&timeout, "timeout", time.Minute, "the longest `TIME` that it may take to pass")
	})
	return cmd
}

func runTest(ctx context.Context, w io.Writer, test selftest.Test, timeout time.Duration) error {
	switch f := test.Run(ctx, w, timeout); {
	case f.Passed:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return command.ErrFound
}
