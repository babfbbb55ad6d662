package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hedged.dev/hedged/pkg/command"
)

// selftestUpstream runs hedged selftest upstream until the test ends, and returns
// its address.
func selftestUpstream(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- command.Run(ctx, newRoot(command.Streams{In: strings.NewReader(""), Out: writer, Err: writer}),
			[]string{"selftest", "upstream", "--listen", "127.0.0.1:0"})
		writer.Close()
	}()
	line, err := bufio.NewReader(reader).ReadString('\n')
	t.Cleanup(func() {
		cancel()
		if c := <-code; c != 0 {
			t.Errorf("upstream: exit code %d", c)
		}
	})
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "serving at ")
	if err != nil || !ok {
		t.Fatalf("it says %q, error %v", line, err)
	}
	return address
}

// TestSelftest is what helm test runs, with processes in the place of pods.
func TestSelftest(t *testing.T) {
	policies := t.TempDir()
	const policy = `apiVersion: hedged.dev/v1alpha1
kind: HedgePolicy
metadata: {name: %s}
spec:
  match: [{hosts: [hedged-selftest]%s}]
  upstream: {endpoints: ["http://%s", "http://%s"], protocol: %s}
  deadline: 5s
  fanOut: {max: 2, adaptive: false}
  stagger: {mode: Fixed, fixed: 50ms}
  idempotency: %s
`
	one, two := selftestUpstream(t), selftestUpstream(t)
	for name, text := range map[string]string{
		"http.yaml": fmt.Sprintf(policy, "http", "", one, two, "HTTP1", "SafeMethods"),
		"grpc.yaml": fmt.Sprintf(policy, "grpc", ", path: {type: PathPrefix, value: /grpc.health.v1.Health/}", one, two, "H2C", "Always"),
	} {
		if err := os.WriteFile(filepath.Join(policies, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := serve(t, "--policies", policies, "--drain-timeout", bound.String())
	f := func(want int, last string, args ...string) {
		t.Helper()
		code, stdout, stderr := hedged(t.Context(), "", append([]string{"selftest"}, args...)...)
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		if code != want || stderr != "" || !strings.HasPrefix(lines[len(lines)-1], last) {
			t.Errorf("%v: exit code %d, stderr %q, it says\n%s", args, code, stderr, stdout)
		}
	}

	f(0, "passed after ", "http", "--url", "http://"+at.Calls)
	f(0, "passed after ", "grpc", "--address", at.Calls)
	f(1, `failed: 404: no policy matches host "elsewhere"`, "http", "--url", "http://"+at.Calls+"/", "--host", "elsewhere", "--timeout", "1s")
	f(1, "failed: Unimplemented: No policy matches this request", "grpc", "--address", at.Calls, "--authority", "elsewhere", "--timeout", "1s")
}

func TestSelftestPolicyWithoutAnAPIServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kubeconfig")
	t.Setenv("KUBECONFIG", file)
	const text = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := hedged(t.Context(), "", "selftest", "policy", "--timeout", "1s")
	for _, want := range []string{"in namespace default", "connection refused", "\nfailed: ", "is the API server there"} {
		if code != 1 || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, stderr %q, without %q:\n%s", code, stderr, want, stdout)
		}
	}
}

func TestSelftestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, _, stderr := hedged(ctx, "", "selftest", "http", "--url", "http://127.0.0.1:1")
	if code != 1 || stderr != "hedged: interrupted\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

func TestSelftestUsage(t *testing.T) {
	f := func(want string, args ...string) {
		t.Helper()
		if code, stdout, stderr := hedged(t.Context(), "", append([]string{"selftest"}, args...)...); code != 2 || stdout != "" || stderr != "hedged: "+want+"\n" {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
	f(`hedged selftest takes no argument, and got "htpp"`, "htpp")
	f("--timeout must be positive", "http", "--timeout", "0s")
	f(`hedged selftest grpc takes no argument, and got "now"`, "grpc", "now")

	for _, name := range []string{"", "upstream", "http", "grpc", "policy"} {
		args := append([]string{"selftest"}, strings.Fields(name)...)
		_, stdout, _ := hedged(t.Context(), "", append(args, "--help")...)
		golden(t, filepath.Join("testdata", "help", strings.Join(args, "-")+".txt"), stdout)
	}
}
