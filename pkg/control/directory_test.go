package control

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hedged.dev/hedged/pkg/policy"
	"hedged.dev/hedged/pkg/source"
)

// bound is the time for what is expected to come; nothing waits it out.
const bound = 8 * time.Second

// TestDirectoryOnDisk edits the files of a real directory as a person would.
func TestDirectoryOnDisk(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, documents ...string) {
		t.Helper()
		if err := os.WriteFile(path(name), []byte(strings.Join(documents, "---\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yaml", doc("a", "a.example", "300ms"))

	tables := make(chan *policy.Table, 100)
	log := slog.New(slog.DiscardHandler)
	loop := New(Options{
		Sources: []Source{source.NewDirectory(dir, "default", log)},
		Publish: func(table *policy.Table) { tables <- table },
		Log:     log,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(ctx) }()
	serves := func(want string) {
		t.Helper()
		select {
		case table := <-tables:
			if got := contents(table); got != want {
				t.Fatalf("published %q, want %q", got, want)
			}
		case <-time.After(bound):
			t.Fatalf("nothing was published, want %q", want)
		}
	}

	serves("a=300ms")
	eventually(t, "ready", func() bool { return loop.Ready() == nil })

	// An editor that renames a new file over the old one.
	write("a.yaml.new", doc("a", "a.example", "200ms"))
	if err := os.Rename(path("a.yaml.new"), path("a.yaml")); err != nil {
		t.Fatal(err)
	}
	serves("a=200ms")

	// A broken edit is told of and changes nothing.
	write("a.yaml", doc("a", "a.example", noNumber))
	eventually(t, "the fault", func() bool {
		d := loop.Status().Documents[0]
		return d.Condition == Invalid && strings.HasPrefix(d.Message(), path("a.yaml")+":7:13: spec.deadline: ")
	})
	if len(tables) > 0 {
		t.Errorf("a broken edit published %q", contents(<-tables))
	}

	write("b.yaml", doc("b", "b.example", "300ms"))
	serves("a=200ms b=300ms")
	if err := os.Remove(path("a.yaml")); err != nil {
		t.Fatal(err)
	}
	serves("b=300ms")

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	timeout := time.After(bound)
	for !holds() {
		select {
		case <-look.C:
		case <-timeout:
			t.Fatalf("%s did not come", what)
		}
	}
}

func TestDirectoryThatIsMissingEndsTheLoop(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	loop := New(Options{
		Sources: []Source{source.NewDirectory(filepath.Join(t.TempDir(), "nowhere"), "default", log)},
		Publish: func(*policy.Table) { t.Error("published") },
		Log:     log,
	})
	if err := loop.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("Run: %v", err)
	}
}
