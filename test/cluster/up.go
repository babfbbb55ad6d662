package cluster

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// system is what runs in the cluster before anything is installed: CoreDNS, and
// the rights of kube-proxy.
//
//go:embed system.yaml
var system string

// Up starts the cluster and returns when its node is ready. What fails is taken
// down again.
func (c *Cluster) Up(ctx context.Context) (err error) {
	if err := Check(ctx); err != nil {
		return err
	}
	if err := c.built(); err != nil {
		return err
	}
	if c.Exists() {
		return errors.New("a cluster is there already: run `cluster down` first")
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Down())
		}
	}()
	begin := time.Now()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"keys and configuration are written", c.prepare},
		{"the network namespace is there", connect},
		{"the control plane is ready, the images are imported", c.startBoth},
		{"the node is ready", c.startNode},
	} {
		if err := step.do(ctx); err != nil {
			return err
		}
		c.tell(begin, step.what)
	}
	return nil
}

func (c *Cluster) prepare(context.Context) error {
	for _, folder := range []string{c.path("run"), c.path("pid"), c.podLogs()} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	for _, do := range []func() error{c.writeKeys, c.writeNode, c.saveParameters, makeGroups} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// connect makes a network namespace with no way out: loopback, and a pair of
// devices that are both inside, so that an address which is not the cluster's goes
// nowhere.
func connect(ctx context.Context) error {
	for _, line := range []string{
		"ip netns add " + Name,
		"ip -n " + Name + " link set lo up",
		"ip -n " + Name + " link add node0 type veth peer name node0p",
		"ip -n " + Name + " addr add " + nodeAddress + "/24 dev node0",
		"ip -n " + Name + " link set node0 up",
		"ip -n " + Name + " link set node0p up",
		"ip -n " + Name + " route add default dev node0",
		"ip netns exec " + Name + " sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.disable_ipv6=1",
	} {
		if err := run(ctx, strings.Fields(line)...); err != nil {
			return err
		}
	}
	return nil
}

// startBoth starts the control plane, and containerd beside it.
func (c *Cluster) startBoth(ctx context.Context) error {
	var containers error
	var beside sync.WaitGroup
	beside.Go(func() { containers = c.startContainers(ctx) })
	control := c.startControlPlane(ctx)
	beside.Wait()
	return errors.Join(control, containers)
}

func (c *Cluster) startControlPlane(ctx context.Context) error {
	for _, name := range []string{etcd, APIServer} {
		if err := c.Start(name); err != nil {
			return err
		}
	}
	if err := c.APIReady(ctx); err != nil {
		return err
	}
	for _, name := range []string{controllers, scheduler} {
		if err := c.Start(name); err != nil {
			return err
		}
	}
	return nil
}

// APIReady waits until the API server is ready.
func (c *Cluster) APIReady(ctx context.Context) error {
	return await(ctx, "the API server", time.Minute, func(ctx context.Context) error {
		return errors.Join(c.ended(etcd), c.ended(APIServer), c.kubectl(ctx, "get", "--raw=/readyz"))
	})
}

func (c *Cluster) startContainers(ctx context.Context) error {
	if err := c.Start(containerd); err != nil {
		return err
	}
	err := await(ctx, "containerd", 30*time.Second, func(ctx context.Context) error {
		_, err := c.ctr(ctx, "version")
		return errors.Join(c.ended(containerd), err)
	})
	if err != nil {
		return err
	}
	return c.Import(ctx)
}

func (c *Cluster) startNode(ctx context.Context) error {
	for _, name := range []string{Kubelet, kubeProxy} {
		if err := c.Start(name); err != nil {
			return err
		}
	}
	apply := c.Command(ctx, c.program("kubectl"), "apply", "-f", "-")
	apply.Stdin = strings.NewReader(fmt.Sprintf(system, dnsService))
	if out, err := apply.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return await(ctx, "the node", time.Minute, func(ctx context.Context) error {
		return errors.Join(c.ended(Kubelet), c.kubectl(ctx, "wait", "--for=condition=Ready", "node/"+NodeName, "--timeout=1s"))
	})
}
