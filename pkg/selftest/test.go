package selftest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

const (
	pause = 500 * time.Millisecond // between two looks
	bound = 10 * time.Second       // of one look; the chart's policies have a deadline of 5 s
)

// Finding is what one look found.
type Finding struct {
	Passed bool
	Saw    string // in plain words
	Remedy string // what to look at; of no meaning when passed
}

// Test is a test that may need time: hedged, the policy and the upstream that it
// calls may have been made just now.
type Test struct {
	What string // it does, for people
	Look func(context.Context) Finding
}

// Run looks again and again until a look has passed or the time is up, and writes
// whatever it sees anew. The last line says whether it passed, and why or what to
// do. It returns the last finding.
func (t Test) Run(ctx context.Context, w io.Writer, timeout time.Duration) Finding {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	fmt.Fprintf(w, "%s, for up to %v\n", t.What, timeout)
	var last Finding
	for {
		f := t.look(ctx)
		if f.Passed {
			fmt.Fprintf(w, "passed after %.1fs: %s\n", time.Since(begun).Seconds(), line(f.Saw))
			return f
		}
		if f != last && (ctx.Err() == nil || last == Finding{}) { // a look that was cut short says nothing new
			fmt.Fprintf(w, "%6.1fs  %s\n", time.Since(begun).Seconds(), line(f.Saw))
			last = f
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			fmt.Fprintf(w, "failed: %s: %s\n", line(last.Saw), last.Remedy)
			return last
		}
	}
}

func (t Test) look(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	return t.Look(ctx)
}

// line is a text on one line: what others answer may have several.
func line(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ") }
