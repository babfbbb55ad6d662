package source

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bound is the time for what is expected to come; nothing waits it out. It is
// below the re-scan, so that this cannot stand in for an event.
const bound = rescan / 2

// running is a Directory on real files whose snapshots a test reads.
type running struct {
	t         *testing.T
	dir       string
	snapshots chan Snapshot
}

func run(t *testing.T, dir string) *running {
	t.Helper()
	r := &running{t: t, dir: dir, snapshots: make(chan Snapshot, 1000)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	d := NewDirectory(dir, "default", slog.New(slog.DiscardHandler))
	go func() { ended <- d.Run(ctx, func(s Snapshot) { r.snapshots <- s }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return r
}

// expect waits for a snapshot with these files: name → content, or the error's
// text after "error: ". Snapshots before it (half-written files) are passed over.
func (r *running) expect(want map[string]string) {
	r.t.Helper()
	timeout := time.After(bound)
	last := "no snapshot at all"
	for {
		select {
		case s := <-r.snapshots:
			if last = cmp.Diff(want, byName(s)); last == "" {
				return
			}
		case <-timeout:
			r.t.Fatalf("the expected snapshot did not come; difference to the last one:\n%s", last)
		}
	}
}

func byName(s Snapshot) map[string]string {
	got := map[string]string{}
	for _, f := range s.Files {
		got[filepath.Base(f.Place)] = string(f.Data)
		if f.Err != nil {
			got[filepath.Base(f.Place)] = "error: " + f.Err.Error()
		}
	}
	return got
}

func (r *running) write(name, content string) { write(r.t, filepath.Join(r.dir, name), content) }

func write(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(content), 0o600))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFirstSnapshotComesAtOnceSortedByPlace(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"b.yaml", "a.yml", "c.json", // policies
		"README.md", ".hidden.yaml", ".b.yaml.swp", "b.yaml~", "4913", "sedXa1", // not
	} {
		write(t, filepath.Join(dir, name), name)
	}
	must(t, os.MkdirAll(filepath.Join(dir, "below.yaml"), 0o700))
	write(t, filepath.Join(dir, "below.yaml", "d.yaml"), "not recursive")

	s := <-run(t, dir).snapshots
	want := Snapshot{Files: []File{
		{Place: filepath.Join(dir, "a.yml"), Namespace: "default", Data: []byte("a.yml")},
		{Place: filepath.Join(dir, "b.yaml"), Namespace: "default", Data: []byte("b.yaml")},
		{Place: filepath.Join(dir, "c.json"), Namespace: "default", Data: []byte("c.json")},
	}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
}

func TestEmptyDirectoryIsAnEmptySnapshot(t *testing.T) {
	r := run(t, t.TempDir())
	if s := <-r.snapshots; len(s.Files) != 0 {
		t.Errorf("got %v", s)
	}
	r.write("a.yaml", "first")
	r.expect(map[string]string{"a.yaml": "first"})
}

func TestDirectoryThatIsMissingAtTheStartIsAnError(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, "")
	for _, path := range []string{filepath.Join(dir, "nowhere"), file} {
		d := NewDirectory(path, "default", slog.New(slog.DiscardHandler))
		err := d.Run(t.Context(), func(s Snapshot) { t.Errorf("emitted %v", s) })
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("error %v does not name %s", err, path)
		}
	}
}

// vim (backupcopy=no) and sed -i write a new file and rename it over the old one.
func TestAtomicRenameOfAnEditor(t *testing.T) {
	r := run(t, t.TempDir())
	r.write("a.yaml", "old")
	r.expect(map[string]string{"a.yaml": "old"})
	for _, content := range []string{"new", "newer"} {
		r.write("sedA1b2", content)
		must(t, os.Rename(filepath.Join(r.dir, "sedA1b2"), filepath.Join(r.dir, "a.yaml")))
		r.expect(map[string]string{"a.yaml": content})
	}
	// vim: the old file becomes a backup, the new one is written in its place.
	must(t, os.Rename(filepath.Join(r.dir, "a.yaml"), filepath.Join(r.dir, "a.yaml~")))
	r.write("a.yaml", "newest")
	must(t, os.Remove(filepath.Join(r.dir, "a.yaml~")))
	r.expect(map[string]string{"a.yaml": "newest"})
}

func TestTruncateAndWriteInPlace(t *testing.T) {
	r := run(t, t.TempDir())
	r.write("a.yaml", "old")
	r.expect(map[string]string{"a.yaml": "old"})
	file, err := os.OpenFile(filepath.Join(r.dir, "a.yaml"), os.O_WRONLY|os.O_TRUNC, 0)
	must(t, err)
	for _, part := range []string{"in ", "three ", "steps"} {
		_, err := file.WriteString(part)
		must(t, err)
	}
	must(t, file.Close())
	r.expect(map[string]string{"a.yaml": "in three steps"})
}

func TestDeletionAndRecreationOfAFile(t *testing.T) {
	r := run(t, t.TempDir())
	r.write("a.yaml", "a")
	r.write("b.yaml", "b")
	r.expect(map[string]string{"a.yaml": "a", "b.yaml": "b"})
	must(t, os.Remove(filepath.Join(r.dir, "a.yaml")))
	r.expect(map[string]string{"b.yaml": "b"})
	r.write("a.yaml", "again")
	r.expect(map[string]string{"a.yaml": "again", "b.yaml": "b"})
}

// A mounted ConfigMap: a.yaml → ..data/a.yaml, ..data → ..2026_1, and an update
// renames another ..data over the old one.
func TestSymlinkSwapOfAKubernetesVolume(t *testing.T) {
	dir := t.TempDir()
	version := func(name string, files map[string]string) {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		for file, content := range files {
			write(t, filepath.Join(dir, name, file), content)
		}
		must(t, os.Symlink(name, filepath.Join(dir, "..data_tmp")))
		must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	}
	link := func(file string) {
		must(t, os.Symlink(filepath.Join("..data", file), filepath.Join(dir, file)))
	}
	version("..2026_1", map[string]string{"a.yaml": "a1"})
	link("a.yaml")
	r := run(t, dir)
	r.expect(map[string]string{"a.yaml": "a1"})

	version("..2026_1b", map[string]string{"a.yaml": "a1b"}) // nothing else tells it
	r.expect(map[string]string{"a.yaml": "a1b"})

	version("..2026_2", map[string]string{"a.yaml": "a2", "b.yaml": "b2"})
	link("b.yaml")
	must(t, os.RemoveAll(filepath.Join(dir, "..2026_1")))
	r.expect(map[string]string{"a.yaml": "a2", "b.yaml": "b2"})

	version("..2026_3", map[string]string{"b.yaml": "b3"})
	must(t, os.Remove(filepath.Join(dir, "a.yaml")))
	must(t, os.RemoveAll(filepath.Join(dir, "..2026_2")))
	r.expect(map[string]string{"b.yaml": "b3"})
}

func TestDeletionAndRecreationOfTheDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "policies")
	must(t, os.Mkdir(dir, 0o700))
	r := run(t, dir)
	for i := range 3 {
		content := fmt.Sprint("content ", i)
		r.write("a.yaml", content)
		r.expect(map[string]string{"a.yaml": content})

		// Moved away, as a whole and at once: nothing is emitted meanwhile.
		away := fmt.Sprint(dir, i)
		must(t, os.Rename(dir, away))
		write(t, filepath.Join(away, "a.yaml"), "not ours any more")
		must(t, os.Mkdir(dir, 0o700))
	}
	must(t, os.RemoveAll(dir))
	must(t, os.Mkdir(dir, 0o700))
	r.write("b.yaml", "b")
	r.expect(map[string]string{"b.yaml": "b"})
}

func TestDirectoryThatIsALinkIsFollowedWhenSwapped(t *testing.T) {
	parent := t.TempDir()
	for _, v := range []string{"v1", "v2"} {
		must(t, os.Mkdir(filepath.Join(parent, v), 0o700))
		write(t, filepath.Join(parent, v, "a.yaml"), v)
	}
	dir := filepath.Join(parent, "policies")
	must(t, os.Symlink("v1", dir))
	r := run(t, dir)
	r.expect(map[string]string{"a.yaml": "v1"})
	must(t, os.Symlink("v2", dir+".new"))
	must(t, os.Rename(dir+".new", dir))
	r.expect(map[string]string{"a.yaml": "v2"})
	write(t, filepath.Join(parent, "v2", "a.yaml"), "v2, edited")
	r.expect(map[string]string{"a.yaml": "v2, edited"})
}

func TestUnreadableFileIsAFileWithAnError(t *testing.T) {
	r := run(t, t.TempDir())
	r.write("good.yaml", "good")
	// Permissions do not stop root, a link that leads nowhere does.
	must(t, os.Symlink("nowhere", filepath.Join(r.dir, "link.yaml")))
	r.expect(map[string]string{
		"good.yaml": "good",
		"link.yaml": "error: cannot be read: no such file or directory",
	})
	must(t, os.Remove(filepath.Join(r.dir, "link.yaml")))
	must(t, os.Symlink("loop.yaml", filepath.Join(r.dir, "loop.yaml")))
	r.expect(map[string]string{
		"good.yaml": "good",
		"loop.yaml": "error: cannot be read: too many levels of symbolic links",
	})
}

func TestFileBeyondTheMaximumSizeIsAnError(t *testing.T) {
	r := run(t, t.TempDir())
	largest := strings.Repeat("#", maxFile)
	r.write("a.yaml", largest)
	r.expect(map[string]string{"a.yaml": largest})
	r.write("a.yaml", largest+"#")
	r.expect(map[string]string{"a.yaml": "error: is larger than 1048576 bytes: split it into several files"})
}
