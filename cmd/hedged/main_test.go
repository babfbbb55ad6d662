package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"hedged.dev/hedged/pkg/command"
)

var update = flag.Bool("update", false, "write the golden files anew")

// asHedged makes the test binary be hedged itself, for tests that need a process
// that can be signalled.
const asHedged = "TEST_AS_HEDGED"

func TestMain(m *testing.M) {
	if os.Getenv(asHedged) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// hedged runs a command line.
func hedged(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = command.Run(ctx, newRoot(command.Streams{In: strings.NewReader(stdin), Out: &out, Err: &err}), append([]string{}, args...))
	return code, out.String(), err.String()
}

// TestUsage holds what is said about a command line that cannot be meant: one
// line, exit code 2, and the right word where there is one.
func TestUsage(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		t.Run(line, func(t *testing.T) {
			code, stdout, stderr := hedged(t.Context(), "", strings.Fields(line)...)
			if code != 2 || stdout != "" || stderr != "hedged: "+want+"\n" {
				t.Errorf("exit code %d, want 2\nstdout %q\nstderr %q\n  want %q", code, stdout, stderr, want)
			}
		})
	}

	f("sevre", "unknown command sevre; did you mean serve?")
	f("--help-me", "unknown flag --help-me; did you mean --help?")
	f("sevre --policies x", "unknown command sevre; did you mean serve?")
	f("frobnicate", "unknown command frobnicate; hedged --help lists the commands")
	f("serve --polices x", "unknown flag --polices; did you mean --policies?")
	f("serve --polices=x", "unknown flag --polices; did you mean --policies?")
	f("serve --completely-else", "unknown flag --completely-else; hedged serve --help lists the flags")
	f("serve -x", "unknown flag -x; hedged serve --help lists the flags")
	f("serve --lame-duck", "flag needs an argument: --lame-duck")
	f("serve --lame-duck soon", `invalid argument "soon" for "--lame-duck" flag: must be a duration like "30s" or "5m"`)
	f("serve --log-format xml", `invalid argument "xml" for "--log-format" flag: must be json or text`)
	f("serve --log-level loud", `invalid argument "loud" for "--log-level" flag: slog: level string "loud": unknown name`)
	f("serve --trace-sample-ratio 1.5", `invalid argument "1.5" for "--trace-sample-ratio" flag: must be a number from 0 to 1`)
	f("serve --trace-sample-ratio NaN", `invalid argument "NaN" for "--trace-sample-ratio" flag: must be a number from 0 to 1`)
	f("serve policies", `hedged serve takes no argument, and got "policies"`)
	f("serve", "hedged serve needs --policies DIR or --configmaps (HEDGED_POLICIES, HEDGED_CONFIGMAPS)")
	f("validate", "hedged validate needs a file, a directory or - (the standard input)")
	f("version --output yaml", `invalid argument "yaml" for "--output" flag: must be text or json`)
	f("version now", `hedged version takes no argument, and got "now"`)
	f("demo --situation tail --rate 5", "--rate has no meaning with --situation: a situation is a document; copy it and edit the copy")
	f("demo --situation silense", "no situation is called silense; did you mean silence?")
	f("demo now", `hedged demo takes no argument, and got "now"`)
}

// TestHelp holds the help texts. They are golden files to be read.
func TestHelp(t *testing.T) {
	f := func(name string, args ...string) {
		t.Helper()
		code, stdout, stderr := hedged(t.Context(), "", args...)
		if code != 0 || stderr != "" {
			t.Errorf("%s: exit code %d, stderr %q", name, code, stderr)
		}
		golden(t, filepath.Join("testdata", "help", name+".txt"), stdout)
	}

	f("hedged")
	f("hedged", "--help")
	f("hedged", "help")
	f("serve", "serve", "--help")
	f("serve", "help", "serve")
	f("explain", "explain", "--help")
	f("record", "record", "--help")
	f("simulate", "simulate", "--help")
	f("demo", "demo", "-h")
	f("validate", "validate", "--help")
	f("version", "version", "--help")
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", file, diff)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, _, stderr := hedged(ctx, "", "demo", "--duration", "1s")
	if code != 1 || !strings.HasSuffix(stderr, "\nhedged: interrupted\n") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}
