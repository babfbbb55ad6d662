package demo

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress tells a person how far the demo is: a bar on a terminal, one line
// for each step otherwise.
type progress struct {
	out  io.Writer
	bar  *progressbar.ProgressBar // nil: lines
	past time.Duration            // the planned time of the steps that are done
}

// newProgress prepares for steps that take so long together.
func newProgress(out io.Writer, total time.Duration) *progress {
	p := &progress{out: out}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.bar = progressbar.NewOptions64(total.Milliseconds(),
			progressbar.OptionSetWriter(out),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(50*time.Millisecond),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetElapsedTime(true),
			progressbar.OptionClearOnFinish(),
		)
	}
	return p
}

// step does one step of the demo, which is planned to take so long, and shows
// its time pass.
func (p *progress) step(title string, planned time.Duration, work func() error) error {
	defer func() { p.past += planned }()
	if p.bar == nil {
		fmt.Fprintf(p.out, "%s (%v)\n", title, planned)
		return work()
	}
	p.bar.Describe(fmt.Sprintf("%-20s", title))
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		p.advance(done, planned)
	}()
	defer func() {
		close(done)
		<-stopped
	}()
	return work()
}

// advance moves the bar with the clock until done is closed.
func (p *progress) advance(done <-chan struct{}, planned time.Duration) {
	begun := time.Now()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			_ = p.bar.Set64((p.past + planned).Milliseconds())
			return
		case <-ticker.C:
			_ = p.bar.Set64((p.past + min(time.Since(begun), planned)).Milliseconds())
		}
	}
}

// finish takes the bar away.
func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
