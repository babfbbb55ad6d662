package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows a person how far a computation is. On anything but a terminal it
// shows nothing.
type bar struct {
	out   io.Writer // nil: no terminal
	drawn *progressbar.ProgressBar
}

func newBar(out io.Writer) *bar {
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &bar{out: out}
	}
	return &bar{}
}

// show draws how much is done, and what is at work.
func (b *bar) show(done, total int, what string) {
	if b.out == nil {
		return
	}
	if b.drawn == nil {
		b.drawn = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(b.out),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(50*time.Millisecond),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish(),
		)
	}
	b.drawn.Describe(fmt.Sprintf("%-15s", what))
	_ = b.drawn.Set(done) // the terminal has gone: nobody is left to tell
}

// finish takes the bar away.
func (b *bar) finish() {
	if b.drawn != nil {
		_ = b.drawn.Finish()
	}
}
