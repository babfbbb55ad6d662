package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"hedged.dev/hedged/test/cluster"
	"hedged.dev/hedged/test/cluster/load"
)

const many = 5000

// TestFiveThousandPolicies runs hedged as a process beside the node, with the token
// of its ServiceAccount: so its start is measured without a kubelet's.
func TestFiveThousandPolicies(t *testing.T) {
	for _, each := range []int{50, 1} {
		t.Run(fmt.Sprintf("%d in each ConfigMap", each), func(t *testing.T) { manyPolicies(t, each) })
	}
}

func manyPolicies(t *testing.T, each int) {
	i := install(t, 0) // no pod of hedged, but all its permissions
	i.upstream("catalog", 2, nil)
	for n := 0; n < many; n += each {
		data := map[string]string{}
		for k := n; k < n+each; k++ {
			data[fmt.Sprintf("p%d.yaml", k)] = numbered(k, deadline)
		}
		if err := i.createAll(fmt.Sprintf("policies-%d", n/each), data); err != nil {
			t.Fatal(err)
		}
	}
	kubeconfig := i.token()
	var d *daemon
	start := func(what string) {
		t.Helper()
		i.controlled("catalog", what, deadline, func(int) func(load.Result) {
			if d != nil {
				d.kill()
			}
			d = i.start(kubeconfig)
			return func(load.Result) { within(t, what, d.ready, 10*time.Second) }
		})
	}
	start("start to ready")
	d.serves(t, many-1)
	rss, pss := memory(t, d.command.Process.Pid)
	note(t, "memory when ready", "RSS "+rss+", PSS "+pss, nil)
	i.kept()
	rss, pss = memory(t, d.command.Process.Pid)
	note(t, "memory when status and last good revisions are written", "RSS "+rss+", PSS "+pss, nil)

	var edited string
	n := many / 2
	i.controlled("catalog", "one edit in force", deadline, func(run int) func(load.Result) {
		edited = fmt.Sprintf("edited-%d.test", run)
		began := time.Now()
		i.change(t, n, each, strings.Replace(numbered(n, deadline), name(n)+".test", edited, 1))
		eventually(t, "the edit in force", 20*time.Second, func(ctx context.Context) error { return d.answers(ctx, edited) })
		took := time.Since(began)
		pass(time.Second) // for the control to have calls
		return func(load.Result) { within(t, "one edit in force", took, 2*time.Second) }
	})
	// The revision with the new host is kept about a second later.
	pass(5 * time.Second)

	d.kill()
	i.change(t, n, each, strings.Replace(numbered(n, deadline), "deadline", "dedline", 1))
	start("start to ready with one broken")
	err := d.answers(t.Context(), edited)
	hold(t, err == nil, "the broken one serves its last good revision", "error "+errorText(err), "an answer", nil)
	log := d.written(t)
	hold(t, strings.Contains(log, "kept from before"), "and the log says so", fmt.Sprint(strings.Contains(log, "kept from before")), "true", nil)
	d.kill()
}

func name(n int) string { return fmt.Sprintf("p%d", n) }

func numbered(n int, deadline time.Duration) string {
	return document(name(n), name(n)+".test", "catalog", deadline)
}

// change puts a text in the place of the n-th policy.
func (i *installation) change(t *testing.T, n, each int, text string) {
	t.Helper()
	maps := world.client.CoreV1().ConfigMaps(i.policies)
	m, err := maps.Get(t.Context(), fmt.Sprintf("policies-%d", n/each), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	m.Data[name(n)+".yaml"] = text
	if _, err := maps.Update(t.Context(), m, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// kept waits until last good revisions are there and no more are written.
func (i *installation) kept() {
	i.t.Helper()
	took := eventually(i.t, "last good revisions", 2*time.Minute, func(ctx context.Context) error {
		list, err := world.client.CoreV1().ConfigMaps(i.namespace).List(ctx, metav1.ListOptions{LabelSelector: "hedged.dev/last-good"})
		if err == nil && len(list.Items) == 0 {
			err = errNotYet
		}
		return err
	})
	pass(3 * time.Second)
	list, err := world.client.CoreV1().ConfigMaps(i.namespace).List(i.t.Context(), metav1.ListOptions{LabelSelector: "hedged.dev/last-good"})
	if err != nil {
		i.t.Fatal(err)
	}
	note(i.t, "last good revisions are kept", fmt.Sprintf("in %d ConfigMaps, the first after %v", len(list.Items), took.Round(100*time.Millisecond)), nil)
}

// token writes a kubeconfig of hedged's ServiceAccount.
func (i *installation) token() string {
	i.t.Helper()
	request, err := world.client.CoreV1().ServiceAccounts(i.namespace).CreateToken(i.t.Context(), "hedged",
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		i.t.Fatal(err)
	}
	file := filepath.Join(i.t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: e2e, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: hedged, user: {token: %q}}]
contexts: [{name: e2e, context: {cluster: e2e, user: hedged}}]
current-context: e2e
`, cluster.Server, world.cluster.Authority(), request.Status.Token)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		i.t.Fatal(err)
	}
	return file
}

// daemon is hedged as a process.
type daemon struct {
	command *exec.Cmd
	log     string
	ready   time.Duration // from its start
}

const (
	daemonCalls  = "127.0.0.1:18080"
	daemonHealth = "127.0.0.1:18081"
)

// start runs hedged until kill, and waits until it is ready.
func (i *installation) start(kubeconfig string) *daemon {
	i.t.Helper()
	log, err := os.CreateTemp(i.t.TempDir(), "log")
	if err != nil {
		i.t.Fatal(err)
	}
	defer log.Close()
	d := &daemon{log: log.Name()}
	d.command = exec.CommandContext(i.t.Context(), program("hedged"), "serve", "--configmaps", "--configmap-namespaces="+i.policies,
		"--namespace="+i.namespace, "--kubeconfig="+kubeconfig, "--pod=process", "--trace-sample-ratio=0",
		"--listen="+daemonCalls, "--health-listen="+daemonHealth, "--admin-listen=127.0.0.1:18082")
	d.command.Stdout, d.command.Stderr = log, log
	if err := d.command.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(d.kill)
	d.ready = eventually(i.t, "hedged to be ready", time.Minute, func(ctx context.Context) error {
		_, err := get(ctx, daemonHealth, "/readyz")
		return err
	})
	return d
}

// kill ends it at once, if it runs.
func (d *daemon) kill() {
	if d.command.ProcessState == nil {
		_ = d.command.Process.Kill()
		_ = d.command.Wait()
	}
}

func (d *daemon) answers(ctx context.Context, host string) error {
	status, text, err := call(ctx, daemonCalls, host)
	if err == nil && status != 200 {
		err = fmt.Errorf("%d %s", status, text)
	}
	return err
}

func (d *daemon) serves(t *testing.T, n int) {
	t.Helper()
	if err := d.answers(t.Context(), name(n)+".test"); err != nil {
		t.Errorf("policy %d when ready: %v", n, err)
	}
}

func (d *daemon) written(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(d.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
