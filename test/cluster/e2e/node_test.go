package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// process finds the process of a pod's program: pods' processes are the machine's.
func process(t *testing.T, pod corev1.Pod, name string) int {
	t.Helper()
	id := strings.ReplaceAll(string(pod.UID), "-", "")
	files, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		group, err := os.ReadFile(file)
		if err != nil || !strings.Contains(strings.ReplaceAll(string(group), "-", ""), id) {
			continue
		}
		folder := filepath.Dir(file)
		line, err := os.ReadFile(filepath.Join(folder, "cmdline"))
		if err != nil || !bytes.HasPrefix(line, []byte("/"+name+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(folder)); err == nil {
			return pid
		}
	}
	t.Fatalf("pod %s has no process %s", pod.Name, name)
	return 0
}

// kill ends a pod's program at once.
func kill(t *testing.T, pod corev1.Pod, name string) {
	t.Helper()
	if err := syscall.Kill(process(t, pod, name), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// memory is what a process occupies: all its pages (RSS), and those with its share
// of what it has in common with others (PSS).
func memory(t *testing.T, pid int) (rss, pss string) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	size := func(name string) string {
		for line := range strings.Lines(string(data)) {
			fields := strings.Fields(line)
			if len(fields) == 3 && fields[0] == name+":" {
				kib, _ := strconv.Atoi(fields[1])
				return fmt.Sprintf("%.1f MiB", float64(kib)/1024)
			}
		}
		return "?"
	}
	return size("Rss"), size("Pss")
}
