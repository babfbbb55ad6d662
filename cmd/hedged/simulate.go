package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/sim"
)

// simulation is what `hedged simulate` is asked for.
type simulation struct {
	scenarios []string // names of built-in ones, or files; of a suite also patterns
	recording string
	policies  string // a file
	policy    string // which of them, or of the recording

	budget   *float64 // percent
	deadline time.Duration
	calls    int
	seeds    []uint64

	list  bool
	suite bool
	quick bool
	only  []string // strategies; none: all

	output string
	dir    string
}

func newSimulate() *cobra.Command {
	var s simulation
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Say what a policy would do, by simulation",
		Long: `Say what a policy would do, by simulation: a million calls, on a clock of their
own, through a model of an upstream. The controller and the engine's rules are
the daemon's; the row adaptive is the policy's. The other rows are what it is
measured against, on the same calls: none, the daemon's choice of endpoints
without hedging, sequential retry with the best of four time-outs, two and three
attempts all at once, a fixed stagger, gRPC's hedging with its throttle, a
percentile with a budget, and the best fixed plan in hindsight.

The upstream is a scenario, built-in or a YAML file, or the one that a recording
shows: the latencies and ends of real attempts. The policy is that of -f, with
its fan-out, budget, deadline and stagger, or else the scenario's; a recording's
is the default one, with the deadline that the recording shows.

For each row:

  success     the share of the calls that were answered acceptably by the deadline
  p50, p99 …  latency; a call without an acceptable answer counts as the deadline
  extra load  attempts beyond one a call: 10 % is 110 attempts for 100 calls
  in … ms     the share that was answered within that time, if the scenario has one
  recovery    time from the end of the last disturbance until success was back at
              99 % of what is usual, if there was a disturbance; never, if it was not

A suite plays all built-in scenarios, or those of --scenario, and prints a row for
each: adaptive, its best honest rival of those that the budget pays for, and whether
the row is lost, and why. A row is lost where

  - such a rival answers over 0.03 points more, or has a p99.9 over 15 % lower;
  - none or no-hedge answers over 0.05 points more;
  - adaptive adds more load than the budget allows.

In JSON, _ms is milliseconds, _s seconds (null: never), and ratios and extra_load
are shares: 0.1 is 10 %.

The same seed gives the same bytes.`,
		Example: `  hedged simulate --list
  hedged simulate --scenario iid-loss
  hedged simulate --suite --quick --seed 101,102,103
  hedged simulate --suite --scenario 'queueing-*' --only none,no-hedge,adaptive
  hedged simulate -f policy.yaml --scenario queueing-85 --output json
  hedged simulate -f policy.yaml --from attempts.jsonl --out results/
  hedged simulate -f policies.yaml --policy catalog --scenario my-upstream.yaml --budget 5`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.run(cmd.Context(), command.Streams{In: cmd.InOrStdin(), Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr()})
		},
	}
	command.Group(cmd.Flags(), "The upstream", func(f *pflag.FlagSet) {
		f.StringArrayVar(&s.scenarios, "scenario", nil, "a `NAME` of --list, or a scenario's file; of a suite several, also patterns such as queueing-*")
		f.StringVar(&s.recording, "from", "", "the `FILE` of a recording: of hedged record, or of serve's --attempt-log; - is the standard input")
		f.BoolVar(&s.list, "list", false, "list the built-in scenarios")
		f.BoolVar(&s.suite, "suite", false, "play all built-in scenarios, or those of --scenario, and judge adaptive against its rivals")
		f.BoolVar(&s.quick, "quick", false, "leave the search for the best static plan out of a suite")
		f.StringSliceVar(&s.only, "only", nil, "play these strategies, `NAMES` with commas between them (default: all)")
	})
	command.Group(cmd.Flags(), "The policy", func(f *pflag.FlagSet) {
		f.StringVarP(&s.policies, "file", "f", "", "the `FILE` of the policy; - is the standard input (default: the scenario's)")
		f.StringVar(&s.policy, "policy", "", "the `NAME` of the policy, where the file or the recording has several")
		f.Var(percent{&s.budget}, "budget", "extra attempts in `PERCENT` of the calls, instead of the policy's")
		f.DurationVar(&s.deadline, "deadline", 0, "every call's deadline, a `TIME`, instead of the policy's")
	})
	command.Group(cmd.Flags(), "The calls", func(f *pflag.FlagSet) {
		f.IntVar(&s.calls, "calls", 0, "how many `CALLS` each strategy gets (default: as the scenario says)")
		f.Var(newSeeds(&s.seeds, 1), "seed", "the number that decides on arrivals, latencies and losses; of a suite several, with commas between them")
	})
	command.Group(cmd.Flags(), "The result", func(f *pflag.FlagSet) {
		f.Var(command.NewChoice(&s.output, "table", "json"), "output", "how it is printed")
		f.StringVar(&s.dir, "out", "", "a `DIR` for plots (SVG) and figures (JSON)")
	})
	return cmd
}

func (s *simulation) run(ctx context.Context, std command.Streams) error {
	if s.list {
		return listScenarios(std.Out, s.output)
	}
	if s.suite {
		return s.runSuite(ctx, std)
	}
	if err := s.check(); err != nil {
		return err
	}
	scenario, err := s.upstream(std)
	if err != nil {
		return err
	}
	o, err := s.options(std)
	if err != nil {
		return err
	}
	bar := newBar(std.Err)
	o.Progress = bar.show
	report, err := sim.Run(ctx, scenario, o)
	bar.finish()
	if err != nil {
		return err
	}
	if err := s.save(report); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if s.output == "json" {
		return report.WriteJSON(std.Out)
	}
	return report.WriteTable(std.Out)
}

// options are what the flags change in a scenario.
func (s *simulation) options(std command.Streams) (sim.Options, error) {
	o := sim.Options{Seed: s.seeds[0], Budget: s.budget, Deadline: s.deadline, Calls: s.calls, Only: s.only}
	if s.policies == "" {
		return o, nil
	}
	var err error
	o.Policy, err = s.choosePolicy(std)
	return o, err
}

// check refuses what no simulation could mean.
func (s *simulation) check() error {
	switch {
	case len(s.scenarios) == 0 && s.recording == "":
		return command.Usagef("say what to simulate: --scenario NAME (--list shows them), --scenario FILE or --from RECORDING")
	case len(s.scenarios) > 1:
		return command.Usagef("several scenarios are played as a suite: add --suite")
	case len(s.seeds) > 1:
		return command.Usagef("several seeds are for a suite: give one, or add --suite")
	case s.quick:
		return command.Usagef("--quick is for a suite: add --suite, or choose strategies with --only")
	case len(s.scenarios) > 0 && s.recording != "":
		return command.Usagef("--scenario and --from are two upstreams: give one")
	case s.recording == "-" && s.policies == "-":
		return command.Usagef("the policy and the recording cannot both be the standard input")
	}
	return s.checkFigures()
}

func (s *simulation) checkFigures() error {
	switch {
	case s.calls < 0:
		return command.Usagef("--calls must not be negative")
	case s.deadline < 0:
		return command.Usagef("--deadline must not be negative")
	}
	return nil
}

// save writes the plots and the figures.
func (s *simulation) save(report sim.Report) (err error) {
	if s.dir == "" {
		return nil
	}
	if err := os.MkdirAll(s.dir, 0o750); err != nil {
		return err
	}
	for name, svg := range report.Plots() {
		if err := os.WriteFile(filepath.Join(s.dir, name), svg, 0o644); err != nil { //nolint:gosec // they are for everybody to look at
			return err
		}
	}
	file, err := os.Create(filepath.Join(s.dir, "simulation.json"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return report.WriteJSON(file)
}

// listScenarios prints the built-in scenarios.
func listScenarios(w io.Writer, output string) error {
	type entry struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	entries, widest := []entry{}, 0
	for _, s := range sim.Builtin() {
		entries = append(entries, entry{s.Name, s.Description})
		widest = max(widest, len(s.Name))
	}
	if output == "json" {
		return command.WriteJSON(w, entries)
	}
	for _, e := range entries {
		if _, err := fmt.Fprintf(w, "%-*s  %s\n", widest, e.Name, e.Description); err != nil {
			return err
		}
	}
	return nil
}
