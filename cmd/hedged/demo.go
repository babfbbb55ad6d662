package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/demo"
)

func newDemo() *cobra.Command {
	o := demo.Defaults()
	var situations []string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Measure hedged calls against flaky replicas, on this machine alone",
		Long: `Measure hedged calls against flaky replicas, on this machine alone: replicas
in trouble, the daemon in front of them, and the same load through one strategy
after another. The last, adaptive, is the one that learns. It prints how each
did, how the plan changed, and one hedged call's attempts.

The trouble is a scenario:

  peaks             three replicas, each with random peaks in which it drops
                    connections, stalls or answers 503
  slow              three replicas; one request in fifty takes 200 ms longer
  slow-and-failing  the same, with one in twenty failing
  brown-out         two replicas with few slots that take six times as long for a while
  step              five replicas; attempts fail for a while, one in five

hedged simulate runs such scenarios without sockets, much faster. --situation
plays the simulator's scenarios on sockets: no hedging, sequential retry and the
scenario's policy at the same time, each with replicas of its own, and prints
beside what came of them what the simulator computes for the same calls. Direct
calls to a replica that nothing troubles are the control: when one in a hundred
of these is 5 ms late, the run is void, and made again up to twice.

With OTEL_EXPORTER_OTLP_ENDPOINT set the traces go there too.`,
		Example: `  hedged demo
  hedged demo --seed 2 --out results/
  hedged demo --scenario brown-out
  hedged demo --duration 5s --output json
  hedged demo --situation tail,silence
  hedged demo --situation all --output json
  hedged demo --situation my-upstream.yaml
  hedged demo --stay`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if len(situations) > 0 {
				return playSituations(cmd, situations, o)
			}
			return demo.Run(cmd.Context(), o)
		},
	}
	command.Group(cmd.Flags(), "The load", func(f *pflag.FlagSet) {
		f.Var(named{command.NewChoice(&o.Scenario, demo.Scenarios()...)}, "scenario", "the `NAME` of the trouble that the replicas are in")
		f.StringSliceVar(&situations, "situation", nil, "`NAME`s of situations ("+strings.Join(demo.Situations(), ", ")+"; all), of simulate --list, or files of scenarios")
		f.Uint64Var(&o.Seed, "seed", o.Seed, "the `NUMBER` that decides on the trouble, the arrivals and every call's fate")
		f.DurationVar(&o.Deadline, "deadline", o.Deadline, "every call's deadline, a `TIME` (default: the scenario's)")
		f.DurationVar(&o.Duration, "duration", o.Duration, "the `TIME` that each strategy gets, after a warm-up (default: the scenario's)")
		f.Float64Var(&o.Rate, "rate", o.Rate, "`CALLS` a second (default: the scenario's)")
	})
	command.Group(cmd.Flags(), "The result", func(f *pflag.FlagSet) {
		f.Var(command.NewChoice(&o.Output, "table", "json"), "output", "how the comparison is printed")
		f.StringVar(&o.Dir, "out", o.Dir, "a `DIR` for plots (SVG) and figures (JSON)")
		f.BoolVar(&o.Stay, "stay", o.Stay, "leave everything running, with curl lines to try")
	})
	return cmd
}

// playSituations plays scenarios of the simulator. What the flags of the other demo
// would mean for them their documents say.
func playSituations(cmd *cobra.Command, situations []string, o demo.Options) error {
	for _, name := range []string{"scenario", "deadline", "duration", "rate", "out", "stay"} {
		if cmd.Flags().Changed(name) {
			return command.Usagef("--%s has no meaning with --situation: a situation is a document; copy it and edit the copy", name)
		}
	}
	return demo.Play(cmd.Context(), demo.PlayOptions{Situations: situations, Seed: o.Seed, Output: o.Output, Out: o.Out, Err: o.Err})
}
