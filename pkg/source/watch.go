package source

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watch says when something in a directory may have changed. The zero value
// hears no events and leaves everything to the re-scan.
type watch struct {
	path   string // absolute
	notify *fsnotify.Watcher
	events <-chan fsnotify.Event
	errors <-chan error
}

// newWatch watches path, which exists.
func newWatch(path string) (*watch, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	w := &watch{path: path, notify: notify, events: notify.Events, errors: notify.Errors}
	if err := w.arm(); err != nil {
		w.close()
		return nil, fmt.Errorf("watch: %w", err)
	}
	return w, nil
}

// arm watches the directory that bears the path now, which may be another than
// before, and its parent, which tells when it is replaced. The removal lets go of
// a directory that was replaced; events between it and the addition are lost,
// which does no harm because the directory is read afterwards.
func (w *watch) arm() error {
	if w.notify == nil {
		return nil
	}
	parent := filepath.Dir(w.path)
	_ = w.notify.Remove(parent) // an error says that it was not watched
	_ = w.notify.Add(parent)    // without it a new directory is found by re-scan
	_ = w.notify.Remove(w.path)
	return w.notify.Add(w.path)
}

// wait returns when it is time to read: true when a re-scan is due or events
// that concern us have settled, false when ctx is done.
//
// They have settled when no other has come for a short time, so that a file
// which is written in several steps is rarely seen half-written, and a burst of
// events is one reading.
func (w *watch) wait(ctx context.Context) bool {
	due := time.NewTimer(rescan)
	defer due.Stop()
	var settled <-chan time.Time // nil until something was heard
	for {
		heard := true
		select {
		case <-ctx.Done():
			return false
		case <-due.C:
			return true
		case <-settled:
			return true
		case event := <-w.events:
			heard = w.concerns(event.Name)
		case <-w.errors: //nolint:errcheck // most often that events were lost; what they told is read
		}
		if !heard {
			continue
		}
		if settled == nil {
			due.Reset(patience)
		}
		settled = time.After(quiet)
	}
}

// concerns tells events of the directory, its policy files and the links that a
// Kubernetes volume swaps (..data) from those of their neighbours.
func (w *watch) concerns(name string) bool {
	if name == w.path {
		return true
	}
	base := filepath.Base(name)
	return filepath.Dir(name) == w.path && (isPolicyFile(base) || strings.HasPrefix(base, ".."))
}

func (w *watch) close() {
	if w.notify != nil {
		_ = w.notify.Close()
	}
}
