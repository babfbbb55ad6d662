package command

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is where help texts wrap.
const helpWidth = 100

// groupKey is the annotation that puts a flag under a heading of the help.
const groupKey = "hedged.dev/group"

// Group adds the flags that declare declares under a heading.
func Group(flags *pflag.FlagSet, heading string, declare func(*pflag.FlagSet)) {
	set := pflag.NewFlagSet(heading, pflag.ContinueOnError)
	set.SortFlags = false
	declare(set)
	set.VisitAll(func(f *pflag.Flag) { f.Annotations = map[string][]string{groupKey: {heading}} })
	flags.SortFlags = false
	flags.AddFlagSet(set)
}

// writeHelp prints what a command does, how it is called, examples, and its
// flags by group.
func writeHelp(w io.Writer, cmd *cobra.Command) {
	fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n", cmp.Or(cmd.Long, cmd.Short), usageLine(cmd))
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(w, "  %-12s %s\n", sub.Name(), sub.Short)
			}
		}
		fmt.Fprintf(w, "\n%s COMMAND --help says more about a command.\n", cmd.CommandPath())
		return
	}
	writeFlags(w, cmd.Flags())
}

func usageLine(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() {
		return cmd.CommandPath() + " COMMAND"
	}
	return cmd.UseLine()
}

// writeFlags prints flags under their headings. --help has none: it is on the
// screen.
func writeFlags(w io.Writer, flags *pflag.FlagSet) {
	groups := map[string]*pflag.FlagSet{}
	var headings []string
	flags.VisitAll(func(f *pflag.Flag) {
		if len(f.Annotations[groupKey]) == 0 {
			return
		}
		heading := f.Annotations[groupKey][0]
		if groups[heading] == nil {
			groups[heading] = pflag.NewFlagSet(heading, pflag.ContinueOnError)
			groups[heading].SortFlags = false
			headings = append(headings, heading)
		}
		groups[heading].AddFlag(f)
	})
	for _, h := range headings {
		usages := groups[h].FlagUsagesWrapped(helpWidth)
		// pflag shows what a switch may be set to: true enough, and nobody asks.
		usages = strings.ReplaceAll(usages, "[=true|false]", strings.Repeat(" ", len("[=true|false]")))
		fmt.Fprintf(w, "\n%s:\n%s", h, usages)
	}
}
