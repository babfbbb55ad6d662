package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/command"
)

// The linker sets these for a release (-X main.version=…). What it leaves
// empty is read from the build information that Go puts into every binary.
var version, commit, date string

// build is what `hedged version` tells.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Date    string `json:"date"`
	Go      string `json:"go"`
}

func currentBuild() build {
	var info debug.BuildInfo
	if read, ok := debug.ReadBuildInfo(); ok {
		info = *read
	}
	setting := map[string]string{}
	for _, s := range info.Settings {
		setting[s.Key] = s.Value
	}
	b := build{
		Version: cmp.Or(version, info.Main.Version, "(devel)"),
		Commit:  cmp.Or(commit, setting["vcs.revision"], "unknown"),
		Date:    cmp.Or(date, setting["vcs.time"], "unknown"),
		Go:      runtime.Version(),
	}
	if commit == "" && setting["vcs.modified"] == "true" {
		b.Commit += " (modified)"
	}
	return b
}

func newVersion() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the commit and Go's version",
		Example: "  hedged version --output json",
		Args:    command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeBuild(cmd.OutOrStdout(), output, currentBuild())
		},
	}
	command.Group(cmd.Flags(), "Flags", func(f *pflag.FlagSet) {
		f.Var(command.NewChoice(&output, "text", "json"), "output", "how the result is written")
	})
	return cmd
}

func writeBuild(w io.Writer, output string, b build) error {
	if output == "json" {
		return command.WriteJSON(w, b)
	}
	_, err := fmt.Fprintf(w, "hedged %s\n  commit  %s\n  date    %s\n  go      %s\n", b.Version, b.Commit, b.Date, b.Go)
	return err
}
