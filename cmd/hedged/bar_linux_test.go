package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal: what is written to the screen is read behind
// it.
func terminal(t *testing.T) (screen, behind *os.File) {
	t.Helper()
	behind, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { behind.Close() })
	if err := behind.SetReadDeadline(time.Now().Add(bound)); err != nil {
		t.Fatal(err)
	}
	raw, err := behind.SyscallConn() // Fd would end the deadline
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var unlocked, named error
	err = raw.Control(func(fd uintptr) {
		unlocked = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		number, named = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
	})
	if err := errors.Join(err, unlocked, named); err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	return screen, behind
}

// TestBar: a terminal sees what is at work, and nothing of it in the end.
func TestBar(t *testing.T) {
	screen, behind := terminal(t)
	b := newBar(screen)
	b.show(0, 100, "sequential")
	b.finish()
	seen := make([]byte, 4096)
	var text string
	for !strings.HasSuffix(text, "\r") || !strings.Contains(text, "sequential") {
		n, err := behind.Read(seen)
		if err != nil {
			t.Fatal(err)
		}
		text += string(seen[:n])
	}
	lines := strings.Split(text, "\r")
	if last := lines[len(lines)-2]; strings.TrimSpace(last) != "" {
		t.Errorf("the bar stays: %q", last)
	}
}

func TestBarWithoutTerminal(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b := newBar(file)
	b.show(50, 100, "none")
	b.finish()
	if info, err := file.Stat(); err != nil || info.Size() > 0 {
		t.Errorf("%d bytes in a file, error %v", info.Size(), err)
	}
}
