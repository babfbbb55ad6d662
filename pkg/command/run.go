package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Streams are what a command reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// ErrFound is the error of a command that has printed what is wrong: it needs
// no further words.
var ErrFound = errors.New("faults were found")

// Main is a whole main function: it carries out the process's command line,
// cancels its context at the first signal, and exits.
func Main(root func(Streams) *cobra.Command) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	ctx, stop := interruptible(context.Background(), signals, os.Exit)
	code := Run(ctx, root(Streams{os.Stdin, os.Stdout, os.Stderr}), os.Args[1:])
	stop()
	os.Exit(code)
}

// Prepare gives a root command its subcommands and what all of them share:
// streams, help and how a wrong flag is told.
func Prepare(root *cobra.Command, std Streams, commands ...*cobra.Command) *cobra.Command {
	root.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.DisableSuggestions = true // Nearest has a say on flags and keys as well
	root.SetIn(std.In)
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(cmd.OutOrStdout(), cmd) })
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().BoolP("help", "h", false, "this help")
	root.PersistentFlags().SortFlags = false
	root.AddCommand(commands...)
	return root
}

// Run carries out one command line and returns the exit code: 0 done, 1 failed,
// 2 wrong usage. An error is one line after the root's name.
func Run(ctx context.Context, root *cobra.Command, args []string) (code int) {
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if cmd == root && err != nil && !errors.As(err, new(usageError)) {
		err = unknownCommand(root, args) // cobra found no command
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrFound):
		return 1
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		err = errors.New("interrupted")
	}
	fmt.Fprintf(root.ErrOrStderr(), "%s: %s\n", root.CommandPath(), oneLine(err))
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\t' }), "; ")
}
