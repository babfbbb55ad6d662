package command

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// sample is a command line with one subcommand that ends as it is told.
func sample(std Streams, ends error) *cobra.Command {
	var size string
	serve := &cobra.Command{Use: "serve", Short: "Serve", Args: NoArguments, RunE: func(*cobra.Command, []string) error { return ends }}
	Group(serve.Flags(), "Flags", func(f *pflag.FlagSet) { f.VarP(NewChoice(&size, "small", "large"), "size", "s", "how `much`") })
	return Prepare(&cobra.Command{Use: "sample", Short: "A sample"}, std, serve)
}

func TestRun(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	f := func(ctx context.Context, line string, ends error, code int, stderr string) {
		t.Helper()
		var out, err bytes.Buffer
		got := Run(ctx, sample(Streams{strings.NewReader(""), &out, &err}, ends), strings.Fields(line))
		if got != code || err.String() != stderr {
			t.Errorf("%s: exit code %d, want %d; stderr %q, want %q", line, got, code, err.String(), stderr)
		}
	}
	f(t.Context(), "serve", nil, 0, "")
	f(t.Context(), "serve", errors.New("it\nbroke"), 1, "sample: it; broke\n")
	f(t.Context(), "serve", ErrFound, 1, "")
	f(stopped, "serve", context.Canceled, 1, "sample: interrupted\n")
	f(t.Context(), "serve", context.Canceled, 1, "sample: context canceled\n")
	f(t.Context(), "serve", Usagef("%s is no size", "huge"), 2, "sample: huge is no size\n")
	f(t.Context(), "serve now", nil, 2, "sample: sample serve takes no argument, and got \"now\"\n")
	f(t.Context(), "serve --sise large", nil, 2, "sample: unknown flag --sise; did you mean --size?\n")
	f(t.Context(), "serve --colour red", nil, 2, "sample: unknown flag --colour; sample serve --help lists the flags\n")
	f(t.Context(), "serve -x", nil, 2, "sample: unknown flag -x; sample serve --help lists the flags\n")
	f(t.Context(), "serve -s medium", nil, 2, "sample: invalid argument \"medium\" for \"-s, --size\" flag: must be small or large\n")
	f(t.Context(), "sreve", nil, 2, "sample: unknown command sreve; did you mean serve?\n")
	f(t.Context(), "other", nil, 2, "sample: unknown command other; sample --help lists the commands\n")
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	Run(t.Context(), sample(Streams{strings.NewReader(""), &out, io.Discard}, nil), []string{"serve", "--help"})
	want := "Serve\n\nUsage:\n  sample serve [flags]\n\nFlags:\n  -s, --size much   how much (default small)\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
