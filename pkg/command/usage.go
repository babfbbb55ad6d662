package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is a command line, a variable or a file that cannot be meant.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Usagef makes the error of a command line, a variable or a file that cannot be
// meant: the exit code is 2.
func Usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// NoArguments refuses arguments that a command does not read.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usagef("%s takes no argument, and got %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// flagError names the flag that was probably meant.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usageError{err}
	}
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return Usagef("unknown flag -%s; %s --help lists the flags", name, cmd.CommandPath())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if guess, ok := Nearest(name, names); ok {
		return Usagef("unknown flag --%s; did you mean --%s?", name, guess)
	}
	return Usagef("unknown flag --%s; %s --help lists the flags", name, cmd.CommandPath())
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
	if guess, ok := Nearest(word, names); ok {
		return Usagef("unknown command %s; did you mean %s?", word, guess)
	}
	return Usagef("unknown command %s; %s --help lists the commands", word, root.CommandPath())
}
