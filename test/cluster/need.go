package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// networkPlugins is where Debian keeps the programs that connect pods.
const networkPlugins = "/usr/lib/cni"

// neededTable is what the cluster runs besides what is built, and Debian's package
// that has it.
var neededTable = map[string]string{
	"nsenter":                  "util-linux",
	"ip":                       "iproute2",
	"runc":                     "runc",
	"nft":                      "nftables",
	"iptables":                 "iptables",
	"conntrack":                "conntrack",
	networkPlugins + "/bridge": "containernetworking-plugins",
}

// Check says what is missing for a cluster on this machine and how to get it, in
// one message. It installs missing Debian packages where that is possible.
func Check(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("a Kubernetes node needs Linux, and this is %s: run it in a virtual machine, or on CI", runtime.GOOS)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("a Kubernetes node needs root (network namespaces, mounts, control groups), and this is user %d: run it with sudo, or on a machine of its own", os.Geteuid())
	}
	missing := lacking()
	if len(missing) == 0 {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("a Kubernetes node needs programs that are not here; they are in Debian's packages %s", strings.Join(missing, " "))
	}
	install := append([]string{"apt-get", "install", "-y", "-q", "--no-install-recommends"}, missing...)
	if run(ctx, install...) == nil {
		return nil
	}
	// The lists of packages may be old, or absent.
	if err := run(ctx, "apt-get", "update", "-q"); err != nil {
		return err
	}
	return run(ctx, install...)
}

// lacking are the packages whose programs are not here.
func lacking() []string {
	var packages []string
	for program, name := range neededTable {
		if _, err := exec.LookPath(program); err != nil {
			packages = append(packages, name)
		}
	}
	return packages
}

// built says which of the programs are not built.
func (c *Cluster) built() error {
	for _, name := range []string{etcd, APIServer, controllers, scheduler, "kubectl", containerd, "ctr", Kubelet, kubeProxy} {
		if _, err := os.Stat(filepath.Join(c.Programs, name)); err != nil {
			return fmt.Errorf("%s is not built: run `cluster build` first: %w", name, err)
		}
	}
	return nil
}
