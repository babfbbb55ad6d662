package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "hedged",
		Short: "Hedged calls by policy",
		Long: `hedged sends a call to more than one endpoint when the first is slow or fails,
and returns the first good answer within the deadline. Policies say how.`,
		Example: `  hedged demo                        # see it work, on this machine alone
  hedged validate policies/          # check policies
  hedged serve --policies policies/  # run the daemon
  hedged explain                     # what it does now, and why
  hedged simulate --list             # what policies can be tried on`,
		RunE:               func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true, // nearest has a say on flags and keys as well
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(cmd.OutOrStdout(), cmd) })
	root.SetFlagErrorFunc(flagError)
	root.PersistentFlags().BoolP("help", "h", false, "this help")
	root.PersistentFlags().SortFlags = false
	root.AddCommand(newServe(), newExplain(), newRecord(), newSimulate(), newDemo(), newValidate(), newVersion())
	return root
}

// usageError is a command line, a variable or a file that cannot be meant.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// flagError names the flag that was probably meant.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError{err}
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return usagef("unknown flag -%s; %s --help lists the flags", name, cmd.CommandPath())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if guess, ok := nearest(name, names); ok {
		return usagef("unknown flag --%s; did you mean --%s?", name, guess)
	}
	return usagef("unknown flag --%s; %s --help lists the flags", name, cmd.CommandPath())
}

func unknownCommand(root *cobra.Command, args []string) error {
	var word string
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			word = arg
			break
		}
	}
	var names []string
	for _, cmd := range root.Commands() {
		names = append(names, cmd.Name())
	}
	if guess, ok := nearest(word, names); ok {
		return usagef("unknown command %s; did you mean %s?", word, guess)
	}
	return usagef("unknown command %s; hedged --help lists the commands", word)
}

// noArguments refuses arguments that a command does not read.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, and got %q", cmd.CommandPath(), args[0])
	}
	return nil
}
