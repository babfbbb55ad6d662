package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/google/go-cmp/cmp"
)

// bubble is a Directory on real files and virtual time: events come from the
// test, because a real watcher would keep the bubble's clock from moving.
type bubble struct {
	t       *testing.T
	dir     string
	start   time.Time
	log     bytes.Buffer
	events  chan fsnotify.Event
	errors  chan error
	emitted chan emission
}

// emission is one snapshot and when it came.
type emission struct {
	After time.Duration
	Files map[string]string
}

func inBubble(t *testing.T, hears bool, f func(b *bubble)) {
	dir := filepath.Join(t.TempDir(), "policies")
	must(t, os.Mkdir(dir, 0o700))
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{t: t, dir: dir, start: time.Now(),
			events: make(chan fsnotify.Event), errors: make(chan error),
			emitted: make(chan emission, 100)}
		d := NewDirectory(dir, "default", slog.New(slog.NewTextHandler(&b.log, nil)))
		d.open = func(path string) (*watch, error) {
			if !hears {
				return nil, errors.New("watch: too many open files")
			}
			return &watch{path: path, events: b.events, errors: b.errors}, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- d.Run(ctx, func(s Snapshot) {
				b.emitted <- emission{time.Since(b.start), byName(s)}
			})
		}()
		synctest.Wait()
		f(b)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// touch writes a file and tells so, as the kernel would.
func (b *bubble) touch(name, content string) {
	write(b.t, filepath.Join(b.dir, name), content)
	b.events <- fsnotify.Event{Name: filepath.Join(b.dir, name), Op: fsnotify.Write}
}

func (b *bubble) pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // virtual time
	synctest.Wait()
}

// take returns what was emitted since it was last called.
func (b *bubble) take() (got []emission) {
	for len(b.emitted) > 0 {
		got = append(got, <-b.emitted)
	}
	return got
}

func (b *bubble) expect(want ...emission) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.take()); diff != "" {
		b.t.Errorf("emitted (-want +got):\n%s", diff)
	}
}

func TestChangeIsEmittedOnceTheWriterIsQuiet(t *testing.T) {
	inBubble(t, true, func(b *bubble) {
		b.expect(emission{0, map[string]string{}})
		b.touch("a.yaml", "half")
		b.pass(quiet - time.Millisecond)
		b.touch("a.yaml", "half and half")
		b.pass(quiet - time.Millisecond)
		b.expect()
		b.pass(time.Millisecond)
		b.expect(emission{2*quiet - time.Millisecond, map[string]string{"a.yaml": "half and half"}})
	})
}

func TestBurstOfEventsIsCoalescedButNotPutOffForEver(t *testing.T) {
	inBubble(t, true, func(b *bubble) {
		b.expect(emission{0, map[string]string{}})
		for i := range 100 {
			b.touch("a.yaml", fmt.Sprint(i))
			b.pass(10 * time.Millisecond)
		}
		b.pass(quiet)
		// The first event of a round starts its patience; the next round begins
		// with the event after it.
		b.expect(
			emission{patience, map[string]string{"a.yaml": "49"}},
			emission{2 * patience, map[string]string{"a.yaml": "99"}},
		)
	})
}

func TestNeighboursDoNotKeepUsFromReading(t *testing.T) {
	inBubble(t, true, func(b *bubble) {
		b.expect(emission{0, map[string]string{}})
		b.touch("a.yaml", "a")
		for range 10 {
			b.pass(10 * time.Millisecond)
			b.touch("server.log", "a line")
		}
		b.expect(emission{quiet, map[string]string{"a.yaml": "a"}})
	})
}

func TestLostEventsAreFoundByTheRescan(t *testing.T) {
	inBubble(t, true, func(b *bubble) {
		b.expect(emission{0, map[string]string{}})
		write(t, filepath.Join(b.dir, "a.yaml"), "a")
		b.pass(rescan)
		b.expect(emission{rescan, map[string]string{"a.yaml": "a"}})

		write(t, filepath.Join(b.dir, "a.yaml"), "b")
		b.errors <- fsnotify.ErrEventOverflow
		b.errors <- fsnotify.ErrEventOverflow
		b.pass(quiet)
		b.expect(emission{rescan + quiet, map[string]string{"a.yaml": "b"}})
	})
}

func TestFileSystemWithoutEventsIsRescanned(t *testing.T) {
	inBubble(t, false, func(b *bubble) {
		if !bytes.Contains(b.log.Bytes(), []byte("too many open files")) {
			t.Errorf("the log does not say why: %s", b.log.String())
		}
		b.expect(emission{0, map[string]string{}})
		for i := range 3 {
			write(t, filepath.Join(b.dir, "a.yaml"), fmt.Sprint(i))
			b.pass(rescan)
			b.expect(emission{time.Duration(i+1) * rescan, map[string]string{"a.yaml": fmt.Sprint(i)}})
		}
	})
}

func TestSameContentIsNotEmittedAgain(t *testing.T) {
	inBubble(t, true, func(b *bubble) {
		b.touch("a.yaml", "a")
		must(t, os.Symlink("nowhere", filepath.Join(b.dir, "b.yaml")))
		b.pass(quiet)
		b.take()
		b.touch("a.yaml", "a")
		b.pass(2 * rescan)
		b.expect()
	})
}

func TestVanishedDirectoryKeepsTheLastSnapshotAndIsLoggedOnce(t *testing.T) {
	inBubble(t, true, func(b *bubble) {
		b.touch("a.yaml", "a")
		b.pass(quiet)
		b.take()
		must(t, os.Rename(b.dir, b.dir+".away"))
		b.events <- fsnotify.Event{Name: b.dir, Op: fsnotify.Rename}
		b.pass(3 * rescan)
		b.expect()
		must(t, os.Rename(b.dir+".away", b.dir))
		b.events <- fsnotify.Event{Name: b.dir, Op: fsnotify.Create}
		b.pass(rescan)
		b.expect()
		for _, line := range []string{"what was read last stands", "is back"} {
			if n := bytes.Count(b.log.Bytes(), []byte(line)); n != 1 {
				t.Errorf("%q is logged %d times:\n%s", line, n, b.log.String())
			}
		}
	})
}

func TestRunEndsWhileItWaitsForQuiet(t *testing.T) {
	inBubble(t, true, func(b *bubble) {
		b.touch("a.yaml", "a") // the bubble ends it now
		b.expect(emission{0, map[string]string{}})
	})
}

func TestPipeIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600))
	s, err := readDirectory(dir, "default")
	must(t, err)
	want := map[string]string{"pipe.yaml": "error: cannot be read: not a regular file"}
	if diff := cmp.Diff(want, byName(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFileThatGoesWhileItIsReadIsAbsent(t *testing.T) {
	_, err := readFile(filepath.Join(t.TempDir(), "gone.yaml"))
	if !errors.Is(err, errAbsent) {
		t.Errorf("got %v", err)
	}
}
