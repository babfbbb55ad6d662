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

	// The go command's own words (a broken pattern, a download) go to stderr.
	test := exec.Command("go", append([]string{"test", "-json"}, flags.Args()...)...) //nolint:noctx // ends with its parent
	test.Stderr = stderr
	events, err := test.StdoutPipe()
	if err != nil {
		fmt.Fprintln(stderr, "report:", err)
		return 1
	}
	if err := test.Start(); err != nil {
		fmt.Fprintln(stderr, "report:", err)
		return 1
	}
	summary := newSummary(stdout)
	if err := summary.read(events); err != nil {
		fmt.Fprintln(stderr, "report:", err)
		summary.failed++
	}
	if err := test.Wait(); err != nil && summary.failed == 0 {
		// Nothing that failed was named, and yet it did: an argument, perhaps.
		fmt.Fprintln(stderr, "report: go test:", err)
		summary.failed++
	}
	summary.hold(floors)
	summary.close()
	if summary.failed > 0 {
		return 1
	}
	return 0
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
