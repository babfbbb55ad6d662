package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	ctx, stop := interruptible(context.Background(), signals, os.Exit)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// streams are what a command reads and writes.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// errFound is the error of a command that has printed what is wrong: it needs
// no further words.
var errFound = errors.New("faults were found")

// run carries out one command line and returns the exit code.
func run(ctx context.Context, args []string, std streams) (code int) {
	root := newRoot(std)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if cmd == root && err != nil && !errors.As(err, new(usageError)) {
		err = unknownCommand(root, args) // cobra found no command
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return 1
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		err = errors.New("interrupted")
	}
	fmt.Fprintln(std.err, "hedged:", oneLine(err))
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\t' }), "; ")
}
