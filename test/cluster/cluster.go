package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Name is the name of the network namespace, of the control group and of the
// bridge's network.
const Name = "hedged-e2e"

// NodeName is the name of the cluster's only node.
const NodeName = "node"

// The addresses. They are the network namespace's own: other clusters on the
// machine may have the same.
const (
	nodeAddress  = "10.89.0.1"
	apiAddress   = nodeAddress + ":6443"
	etcdAddress  = "127.0.0.1:2379"
	etcdPeer     = "127.0.0.1:2380"
	serviceRange = "10.96.0.0/16"
	apiService   = "10.96.0.1"
	dnsService   = "10.96.0.10"
	podRange     = "10.244.0.0/16"
	nodePodRange = "10.244.0.0/24"
)

// Server is where the API server listens, inside the network namespace.
const Server = "https://" + apiAddress

// Etcd is where etcd listens, inside the network namespace.
const Etcd = "http://" + etcdAddress

// Cluster is a cluster that runs, or may.
type Cluster struct {
	// Programs is the folder that package build built into.
	Programs string
	// State is the folder of all that the cluster keeps: data, keys, sockets, logs.
	// Its path is short, since a socket's may have 107 bytes.
	State string
	// Out is where progress is told.
	Out io.Writer
}

// New returns the cluster of this machine: there is one at a time.
func New(programs string, out io.Writer) *Cluster {
	return &Cluster{Programs: programs, State: "/var/lib/" + Name, Out: out}
}

// Exists says whether Up began to make the cluster and Down has not removed it.
func (c *Cluster) Exists() bool {
	_, err := os.Stat(c.State)
	return err == nil
}

// Kubeconfig is the administrator's.
func (c *Cluster) Kubeconfig() string { return c.path("admin.kubeconfig") }

// Authority is the file of the certificate that signed the API server's.
func (c *Cluster) Authority() string { return c.path("pki", "ca.crt") }

// NameServer is where the cluster's DNS answers.
func (c *Cluster) NameServer() string { return dnsService + ":53" }

// LogFolder has a file for each component, and a folder for the pods.
func (c *Cluster) LogFolder() string { return c.path("log") }

// Command is a program that runs inside the network namespace, as the
// administrator of the cluster, with the cluster's programs on its PATH.
func (c *Cluster) Command(ctx context.Context, argv ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "nsenter", c.enter(argv)...)
	command.Env = append(os.Environ(),
		"KUBECONFIG="+c.Kubeconfig(), "PATH="+c.Programs+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return command
}

// enter is what nsenter is given. It replaces itself with the program, which so
// has the process id that it was started with. `ip netns exec` would hide the
// control groups by a new /sys.
func (c *Cluster) enter(argv []string) []string {
	return append([]string{"--net=/run/netns/" + Name, "--"}, argv...)
}

func (c *Cluster) path(parts ...string) string {
	return filepath.Join(append([]string{c.State}, parts...)...)
}

func (c *Cluster) program(name string) string { return filepath.Join(c.Programs, name) }

func (c *Cluster) kubectl(ctx context.Context, arguments ...string) error {
	command := c.Command(ctx, append([]string{c.program("kubectl"), "--request-timeout=5s"}, arguments...)...)
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("kubectl %s: %w: %s", strings.Join(arguments, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

func (c *Cluster) tell(begin time.Time, what string) {
	fmt.Fprintf(c.Out, "%5.1f s  %s\n", time.Since(begin).Seconds(), what)
}

// await asks until it gets no error.
func await(ctx context.Context, what string, limit time.Duration, ask func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask(bounded)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		case <-bounded.Done():
			return fmt.Errorf("%s: not within %v: %w", what, limit, err)
		case <-tick.C:
		}
	}
}

// run runs a program of the machine.
func run(ctx context.Context, argv ...string) error {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
