package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is a program of the cluster's.
func program(name string) string { return filepath.Join(world.cluster.Programs, name) }

// execute runs a program, and returns all that it wrote.
func execute(ctx context.Context, stdin string, argv ...string) (string, error) {
	command := exec.CommandContext(ctx, argv[0], argv[1:]...)
	command.Env = append(os.Environ(),
		"KUBECONFIG="+world.cluster.Kubeconfig(), "PATH="+world.cluster.Programs+":"+os.Getenv("PATH"))
	command.Stdin = strings.NewReader(stdin)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return out.String(), err
}

// kubectl runs kubectl, which has to succeed.
func kubectl(t *testing.T, stdin string, arguments ...string) string {
	t.Helper()
	out, err := execute(t.Context(), stdin, append([]string{program("kubectl")}, arguments...)...)
	if err != nil {
		t.Fatalf("kubectl %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return out
}

// apply applies documents.
func apply(t *testing.T, documents string) {
	t.Helper()
	kubectl(t, documents, "apply", "-f", "-")
}

var errNotYet = errors.New("not yet")

// eventually asks until there is no error, and returns how long that took.
func eventually(t *testing.T, what string, limit time.Duration, ask func(context.Context) error) time.Duration {
	t.Helper()
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		err := ask(ctx)
		if err == nil {
			tick.Stop()
			return time.Since(begin)
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			t.Fatalf("%s: not within %v: %v", what, limit, err)
		case <-tick.C:
		}
	}
}

// pass lets time go by, for a load to go on.
func pass(d time.Duration) { <-time.After(d) }

// executable writes a program.
func executable(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}
