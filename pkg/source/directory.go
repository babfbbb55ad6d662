package source

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// The times of a Directory.
const (
	quiet    = 50 * time.Millisecond  // no event for so long: the writers have finished
	patience = 500 * time.Millisecond // read all the same after so long, if they never do
	rescan   = 10 * time.Second       // finds what no event told: lost ones, file systems without any
)

// Directory is the source that reads one directory, not the ones below it.
// Hidden files are left out. Files and the directory may be symbolic links;
// what changes behind a link without an event here is found by a re-scan
// every 10 s.
type Directory struct {
	path      string
	namespace string
	log       *slog.Logger
	open      func(path string) (*watch, error) // newWatch, except in tests
}

// NewDirectory makes the source of the files in path, whose policies belong to
// namespace. Places are named as path is: relative if it is.
func NewDirectory(path, namespace string, log *slog.Logger) *Directory {
	path = filepath.Clean(path)
	return &Directory{
		path:      path,
		namespace: namespace,
		log:       log.With("directory", path),
		open:      newWatch,
	}
}

// Run emits the snapshot that it finds at once, and then one after each change
// of content, until ctx is done. It calls emit from its own goroutine only.
//
// A directory that cannot be read at the start is an error. One that vanishes
// later is not: the last snapshot stands until the directory is back.
func (d *Directory) Run(ctx context.Context, emit func(Snapshot)) error {
	if _, err := os.ReadDir(d.path); err != nil {
		return fmt.Errorf("policy directory: %w", err)
	}
	// Watching comes before reading, so that no change falls between the two.
	w, err := d.open(d.path)
	if err != nil {
		d.log.WarnContext(ctx, "no file events: changes are found by re-scan only",
			"every", rescan, "error", err)
		w = &watch{}
	}
	defer w.close()
	last, err := readDirectory(d.path, d.namespace)
	if err != nil {
		return fmt.Errorf("policy directory: %w", err)
	}
	emit(last)

	gone := false
	for w.wait(ctx) {
		_ = w.arm() // while the directory is gone only its parent can be watched
		next, err := readDirectory(d.path, d.namespace)
		switch {
		case err != nil && !gone:
			gone = true
			d.log.ErrorContext(ctx, "policy directory cannot be read: what was read last stands", "error", err)
		case err == nil && gone:
			gone = false
			d.log.InfoContext(ctx, "policy directory is back")
		}
		if err == nil && !next.Equal(last) {
			last = next
			emit(last)
		}
	}
	return nil
}
