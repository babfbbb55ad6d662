package image

import (
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestFaults: what would not start is refused, and what was there before stays.
func TestFaults(t *testing.T) {
	hello := compile(t)
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	f := func(name string, i Image, want string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "image.tar")
			if err := os.WriteFile(path, []byte("before"), 0o644); err != nil {
				t.Fatal(err)
			}
			err := i.WriteFile(path)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q in it", err, want)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != "before" {
				t.Errorf("the file that was there: %q, %v", got, err)
			}
			if left, err := filepath.Glob(path + "?*"); err != nil || left != nil {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
	f("no program", Image{Name: "a:1", Program: "nowhere"}, "image a:1: nowhere")
	f("a script", Image{Name: "a:1", Program: text}, "is no program for Linux: build it with GOOS=linux")
	f("a program for another processor", Image{Name: "a:1", Program: forMachine(t, hello, elf.EM_RISCV)}, "is for EM_RISCV")
	f("a program that asks for a loader", Image{Name: "a:1", Program: withLoader(t, hello)}, "is not static")
	f("another entrypoint", Image{Name: "a:1", Program: hello, Config: v1.Config{Entrypoint: []string{"/hedged"}}}, "the entrypoint is /hedged, and the program is /hello")
	f("a bad name", Image{Name: "A:1", Program: hello}, "image A:1:")
}

func TestLayoutFaults(t *testing.T) {
	hello := compile(t)
	f := func(name, want string, images ...Image) {
		t.Helper()
		folder := filepath.Join(t.TempDir(), "oci")
		err := WriteLayout(folder, images...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", name, err, want)
		}
		if left, err := filepath.Glob(folder + "*"); err != nil || left != nil {
			t.Errorf("%s: left behind: %v, %v", name, left, err)
		}
	}
	f("no image", "needs a program")
	f("a bad name", "image A:1:", Image{Name: "A:1", Program: hello})
	f("one platform twice", "are both for linux/amd64", Image{Name: "a:1", Program: hello}, Image{Name: "a:1", Program: hello})
	f("one is broken", "nowhere", Image{Name: "a:1", Program: hello}, Image{Name: "a:1", Program: "nowhere"})
}
