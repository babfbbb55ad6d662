package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/pkg/record"
)

// recording is what `hedged record` is asked for.
type recording struct {
	from   debugPort
	policy string
	time   time.Duration
	output string
}

func newRecord() *cobra.Command {
	var r recording
	cmd := &cobra.Command{
		Use:   "record",
		Short: "Record the attempts of a running daemon",
		Long: `Record the attempts of a running daemon as they end, one JSON object a line:

  time        when the attempt was launched
  policy      namespace/name
  call        the number of its call; the attempts of one call share it
  attempt     its number within the call, from 1
  trigger     initial; stagger: a hedge; failure: a retry
  endpoint    where it went
  end         won, lost (cancelled, another's answer was first), failed, timed_out,
              client_gone or rejected (given up before anything was sent)
  status      of the answer, where there was one
  elapsed_ms  milliseconds from its launch to its end

It ends after the time of --for, at Ctrl-C, or with the daemon. How much was
recorded goes to the standard error. The file is what hedged simulate --from
reads; hedged serve --attempt-log FILE writes the same all the time.`,
		Example: `  hedged record --output attempts.jsonl
  hedged record --policy catalog --for 5m --output attempts.jsonl
  hedged record --for 0 | jq 'select(.end == "failed")'`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	command.Group(cmd.Flags(), "What", func(f *pflag.FlagSet) {
		fromFlag(f, &r.from)
		f.StringVar(&r.policy, "policy", "", "the `NAME` of the one policy to record, or namespace/name (default: all)")
		f.DurationVar(&r.time, "for", time.Minute, "the `TIME` to record; 0 is until Ctrl-C")
	})
	command.Group(cmd.Flags(), "The result", func(f *pflag.FlagSet) {
		f.StringVar(&r.output, "output", "-", "the `FILE` to write anew; - is the standard output")
	})
	return cmd
}

func (r *recording) run(ctx context.Context, stdout, stderr io.Writer) error {
	if r.time < 0 {
		return command.Usagef("--for must not be negative")
	}
	page := "/attempts"
	if r.policy != "" {
		id, err := r.id(ctx)
		if err != nil {
			return err
		}
		page += "?policy=" + url.QueryEscape(id)
	}
	before, err := r.dropped(ctx)
	if err != nil {
		return err
	}
	listening, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := r.from.Open(listening, page)
	if err != nil {
		return err
	}
	defer stream.Close()
	if r.time > 0 {
		defer time.AfterFunc(r.time, stop).Stop()
	}
	if r.output != "-" {
		file, err := os.Create(r.output)
		if err != nil {
			return fmt.Errorf("--output: %w", err)
		}
		defer file.Close()
		stdout = file
	}

	begun := time.Now()
	attempts, calls, err := copyAttempts(stdout, stream, r.from.URL+page)
	if listening.Err() != nil && !errors.As(err, new(writeError)) {
		err = nil // the recording was to end
	}
	fmt.Fprintf(stderr, "%s of %s in %v\n", command.Count(attempts, "attempt", "attempts"), command.Count(calls, "call", "calls"), time.Since(begun).Round(time.Millisecond))
	if err != nil {
		return err
	}
	if listening.Err() == nil {
		fmt.Fprintln(stderr, "the daemon has ended the stream")
		return nil
	}
	if after, err := r.dropped(context.WithoutCancel(ctx)); err == nil && after > before {
		fmt.Fprintf(stderr, "warning: up to %s are missing: they came faster than they were read\n", command.Count(int(after-before), "attempt", "attempts")) //nolint:gosec // a count
	}
	return nil
}

// id is the identity of the policy that is to be recorded.
func (r *recording) id(ctx context.Context) (string, error) {
	config, err := r.from.Config(ctx)
	if err != nil {
		return "", err
	}
	var ids []string
	for i := range config.Policies {
		ids = append(ids, config.Policies[i].Policy)
	}
	i, err := inspect.Choose(r.policy, ids, r.from.URL)
	if err != nil {
		return "", err
	}
	return ids[i], nil
}

// dropped is how many attempts all readers of the daemon's log went without.
func (r *recording) dropped(ctx context.Context) (uint64, error) {
	var stats struct {
		LogDropped uint64 `json:"attemptLogDropped"`
	}
	err := r.from.Read(ctx, "/stats", &stats)
	return stats.LogDropped, err
}

// writeError is an error of the output rather than of the stream.
type writeError struct{ error }

func (e writeError) Unwrap() error { return e.error }

// copyAttempts copies JSON lines, each by itself, so that who reads the output
// sees them come.
func copyAttempts(to io.Writer, from io.Reader, place string) (attempts, calls int, err error) {
	out := record.NewEncoder(to)
	for a, err := range record.Read(from, place) {
		if err != nil {
			return attempts, calls, err
		}
		if err := out.Encode(a); err != nil {
			return attempts, calls, writeError{err}
		}
		attempts++
		if a.Attempt == 1 {
			calls++
		}
	}
	return attempts, calls, nil
}
