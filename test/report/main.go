package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) (code int) {
	floors := floors{}
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Var(floors, "floor", "`package=percent`: the least coverage of a package; may be repeated")
	if err := flags.Parse(args); err != nil {
		return 2
	}

	summary := newSummary(stdout)
	for _, arguments := range split(flags.Args()) {
		if err := summary.run(arguments, stderr); err != nil {
			fmt.Fprintln(stderr, "report:", err)
			summary.failed++
		}
	}
	summary.hold(floors)
	summary.close()
	if summary.failed > 0 {
		return 1
	}
	return 0
}

// run takes the events of one run of go test. The go command's own words (a
// broken pattern, a download) go to stderr.
func (s *summary) run(arguments []string, stderr io.Writer) error {
	test := exec.Command("go", command(arguments)...) //nolint:noctx // ends with its parent
	test.Stderr = stderr
	events, err := test.StdoutPipe()
	if err != nil {
		return err
	}
	if err := test.Start(); err != nil {
		return err
	}
	failed := s.failed
	err = s.read(events)
	if ended := test.Wait(); err == nil && ended != nil && s.failed == failed {
		// Nothing that failed was named, and yet it did: an argument, perhaps.
		err = fmt.Errorf("go test: %w", ended)
	}
	return err
}

// command is what go is called with. It wants -C, the folder of another module,
// before everything else.
func command(arguments []string) []string {
	if len(arguments) >= 2 && arguments[0] == "-C" {
		return append([]string{"test", "-C", arguments[1], "-json"}, arguments[2:]...)
	}
	return append([]string{"test", "-json"}, arguments...)
}

// split separates the arguments of several runs.
func split(arguments []string) [][]string {
	runs := [][]string{{}}
	for _, a := range arguments {
		if a == "--" {
			runs = append(runs, nil)
			continue
		}
		last := &runs[len(runs)-1]
		*last = append(*last, a)
	}
	return runs
}

// floors is the least coverage in percent of the packages whose import path
// ends in a key.
type floors map[string]float64

func (f floors) String() string { return "" }

// Set takes one package=percent.
func (f floors) Set(value string) error {
	name, percent, ok := strings.Cut(value, "=")
	if !ok || name == "" {
		return errors.New("want package=percent")
	}
	least, err := strconv.ParseFloat(percent, 64)
	f[name] = least
	return err
}
