package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"hedged.dev/hedged/pkg/record"
)

const (
	// logBuffer is how many attempts the file may fall behind until it goes
	// without some: a second and more of heavy traffic.
	logBuffer = 1 << 14
	// logBlock is how many bytes are written at once while there is much to
	// write.
	logBlock = 64 << 10
	// logDelay is how long a line may wait to be written, and how long a file
	// that was renamed away is still written to.
	logDelay = time.Second
)

// attemptLog appends the attempts to a file. Each write is of whole lines, so a
// copy of the file is readable. A file that is renamed away is left to whoever
// did it, and a new one begins; one that is truncated goes on at its start.
type attemptLog struct {
	path     string
	log      *slog.Logger
	listener *record.Subscription
	lost     atomic.Uint64 // attempts that could not be written

	file    *os.File
	info    fs.FileInfo  // of file
	lines   bytes.Buffer // not written yet
	failing bool         // the log has said so
	slow    bool         // the log has said so
}

// openAttemptLog opens the file, and listens from now on.
func openAttemptLog(path string, attempts *record.Log, log *slog.Logger) (*attemptLog, error) {
	l := &attemptLog{path: path, log: log}
	if err := l.open(); err != nil {
		return nil, fmt.Errorf("attempt log: %w", err)
	}
	l.listener = attempts.Subscribe(logBuffer)
	return l, nil
}

// open makes path the file that is written to.
func (l *attemptLog) open() error {
	file, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // a log, for its collector to read
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return err
	}
	if l.file != nil {
		_ = l.file.Close()
	}
	l.file, l.info = file, info
	return nil
}

// abandon closes it before anything has been written.
func (l *attemptLog) abandon() {
	l.listener.Close()
	_ = l.file.Close()
}

// run writes until the listener ends, and then closes the file.
func (l *attemptLog) run() {
	due := time.NewTicker(logDelay)
	defer due.Stop()
	out := record.NewEncoder(&l.lines)
	for {
		select {
		case a, more := <-l.listener.C():
			if !more {
				l.judge(errors.Join(l.write(), l.file.Close()))
				return
			}
			if err := out.Encode(a); err != nil {
				l.lost.Add(1)
				l.judge(err)
			}
			if l.lines.Len() >= logBlock {
				if err := l.write(); err != nil {
					l.judge(err)
				}
			}
		case <-due.C:
			l.judge(errors.Join(l.write(), l.follow()))
		}
	}
}

// write empties the buffer.
func (l *attemptLog) write() error {
	n, err := l.file.Write(l.lines.Bytes())
	l.lost.Add(uint64(bytes.Count(l.lines.Bytes()[n:], []byte("\n")))) //nolint:gosec // a count
	l.lines.Reset()
	if n > 0 && err != nil {
		l.lines.WriteByte('\n') // what follows does not continue half a line
	}
	return err
}

// follow opens path anew if the file is no longer there.
func (l *attemptLog) follow() error {
	if info, err := os.Stat(l.path); err == nil && os.SameFile(info, l.info) {
		return nil
	}
	return l.open()
}

// judge says in the log when writing begins to fail, when it works again, and
// once that attempts came faster than they are written.
func (l *attemptLog) judge(err error) {
	switch {
	case err != nil && !l.failing:
		l.log.Warn("the attempt log cannot be written: attempts are missing in it", "file", l.path, "error", err.Error())
	case err == nil && l.failing:
		l.log.Info("the attempt log is written again", "file", l.path)
	}
	l.failing = err != nil
	if dropped := l.listener.Dropped(); dropped > 0 && !l.slow {
		l.slow = true
		l.log.Warn("the attempt log is slower than the calls: attempts are missing in it", "file", l.path,
			"metric", "hedged.attempt_log.dropped")
	}
}
