package main

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"hedged.dev/hedged/pkg/command"
)

func newTop(reach reach) *cobra.Command {
	var t top
	cmd := &cobra.Command{
		Use:   "top",
		Short: "Show calls, success and extra load by policy, live",
		Long: `Show what becomes of the calls, by policy and over all pods, until Ctrl-C.

  calls/s       calls that ended
  success       of these, the share that succeeded; those whose client went away
                do not count
  extra load    attempts beyond one a call: 10 % is 110 attempts for 100 calls
  suppressed/s  attempts that were due and were not launched

The figures are those of the last interval, from the counters of the pods' /metrics.
The busiest policies come first. On a terminal the table is drawn anew in its place.`,
		Example: `  kubectl hedged top -n shop
  kubectl hedged top --once -o json
  kubectl hedged top -A --interval 10s`,
		Args: func(cmd *cobra.Command, args []string) error {
			if t.interval <= 0 {
				return command.Usagef("--interval must be above 0")
			}
			return command.NoArguments(cmd, args)
		},
	}
	command.Group(cmd.Flags(), "Flags", func(f *pflag.FlagSet) {
		f.DurationVar(&t.interval, "interval", 2*time.Second, "the `TIME` between two looks")
		f.BoolVar(&t.once, "once", false, "end after the first interval")
		outputFlag(f, &t.output)
	})
	c := newCluster(cmd.Flags(), reach)
	clusterFlags(cmd.Flags(), c.kubernetes)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		s, err := c.connect(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer s.close()
		return t.run(cmd.Context(), s, cmd.OutOrStdout())
	}
	return cmd
}

// top is what the command is asked for.
type top struct {
	interval time.Duration
	once     bool
	output   string
}

// run looks until ctx ends, which is how it is meant to end.
func (t *top) run(ctx context.Context, s *session, w io.Writer) error {
	watch := newWatch(s)
	defer watch.close()
	if err := watch.look(ctx); err != nil {
		return err
	}
	draw := t.drawer(w)
	ticker := time.NewTicker(t.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		err := watch.look(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && t.once:
			return err
		case err != nil:
			warn(s.stderr, "%v", err) // it may come back
			continue
		}
		if err := draw(watch.frame(time.Now())); err != nil || t.once {
			return err
		}
	}
}

// drawer writes frames in the format that was asked for: one JSON object a line, YAML
// documents, or tables.
func (t *top) drawer(w io.Writer) func(frame) error {
	switch t.output {
	case "json":
		enc := json.NewEncoder(w)
		return func(f frame) error { return enc.Encode(f) }
	case "yaml":
		return func(f frame) error {
			if _, err := io.WriteString(w, "---\n"); err != nil {
				return err
			}
			return command.WriteYAML(w, f)
		}
	}
	file, ok := w.(*os.File)
	if t.once || !ok || !term.IsTerminal(int(file.Fd())) {
		return func(f frame) error { return f.write(w) }
	}
	lines := 0
	return func(f frame) error {
		_, height, err := term.GetSize(int(file.Fd()))
		if err != nil {
			height = 0
		}
		lines, err = redraw(w, f, lines, cmp.Or(height, 24))
		return err
	}
}
