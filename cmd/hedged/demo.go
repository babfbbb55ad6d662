package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/demo"
)

func newDemo() *cobra.Command {
	o := demo.Defaults()
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Measure hedged calls against flaky replicas, on this machine alone",
		Long: `Measure hedged calls against flaky replicas, on this machine alone: three
replicas with random peaks in which they drop connections, stall or answer 503,
the daemon in front of them, and the same load through one strategy after
another. It prints how each did, and one hedged call's attempts.

With OTEL_EXPORTER_OTLP_ENDPOINT set the traces go there too.`,
		Example: `  hedged demo
  hedged demo --seed 2 --out results/
  hedged demo --duration 5s --output json
  hedged demo --stay`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return demo.Run(cmd.Context(), o)
		},
	}
	group(cmd.Flags(), "The load", func(f *pflag.FlagSet) {
		f.Uint64Var(&o.Seed, "seed", o.Seed, "the `NUMBER` that decides on the peaks, the arrivals and every call's fate")
		f.DurationVar(&o.Deadline, "deadline", o.Deadline, "every call's deadline, a `TIME`")
		f.DurationVar(&o.Duration, "duration", o.Duration, "the `TIME` that each strategy gets, after a warm-up")
		f.Float64Var(&o.Rate, "rate", o.Rate, "`CALLS` a second")
	})
	group(cmd.Flags(), "The result", func(f *pflag.FlagSet) {
		f.Var(newChoice(&o.Output, "table", "json"), "output", "how the comparison is printed")
		f.StringVar(&o.Dir, "out", o.Dir, "a `DIR` for plots (SVG) and figures (JSON)")
		f.BoolVar(&o.Stay, "stay", o.Stay, "leave everything running, with curl lines to try")
	})
	return cmd
}
