package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"hedged.dev/hedged/test/cluster/build"
)

// socket is containerd's.
func (c *Cluster) socket() string { return c.path("run", "containerd.sock") }

// writeNode writes the configurations of the node's components.
func (c *Cluster) writeNode() error {
	files := map[string]string{
		"containerd.toml":        c.containerdConfig(),
		"cni/10-bridge.conflist": fmt.Sprintf(bridgeConfig, Name, c.path("cni-addresses"), nodePodRange),
		"kubelet.yaml":           c.kubeletConfig(),
		"proxy.yaml":             c.proxyConfig(),
		// Pods that are given the node's DNS are given none: nothing leaves.
		"resolv.conf": "",
	}
	for name, text := range files {
		if err := write(c.path(name), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// containerdConfig keeps everything in the cluster's own folder. Root in a
// container may lack CAP_SYS_RESOURCE, without which no pod's oom_score_adj can be
// lowered: restrict_oom_score_adj. NRI has a socket at a fixed path, and is left
// out.
func (c *Cluster) containerdConfig() string {
	return fmt.Sprintf(`version = 3
root = %[1]q
state = %[2]q
disabled_plugins = ['io.containerd.nri.v1.nri', 'io.containerd.internal.v1.opt']
[grpc]
  address = %[3]q
[ttrpc]
  address = %[4]q
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '%[5]spause:1'
[plugins.'io.containerd.cri.v1.runtime']
  enable_cdi = false
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = 'runc'
  Root = %[6]q
  SystemdCgroup = false
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = [%[7]q]
  conf_dir = %[8]q
`, c.path("containerd"), c.path("run", "containerd"), c.socket(), c.socket()+".ttrpc",
		build.Registry, c.path("run", "runc"), networkPlugins, c.path("cni"))
}

// bridgeConfig gives each pod an address of a bridge in the network namespace.
// hairpinMode: a pod may call itself through its Service.
const bridgeConfig = `{"cniVersion": "1.0.0", "name": "%s", "plugins": [
 {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true, "ipMasq": false,
  "ipam": {"type": "host-local", "dataDir": "%s", "ranges": [[{"subnet": "%s"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
`

// kubeletConfig works on both versions of control groups, under a group of the
// cluster's own: the kubelet of another cluster on the machine would take pods
// that it does not know for left-overs.
func (c *Cluster) kubeletConfig() string {
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: "unix://%[1]s"
cgroupDriver: cgroupfs
cgroupRoot: /%[2]s
failCgroupV1: false
failSwapOn: false
address: %[3]s
tlsCertFile: %[4]q
tlsPrivateKeyFile: %[5]q
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %[6]q}}
authorization: {mode: Webhook}
clusterDNS: [%[7]s]
clusterDomain: cluster.local
resolvConf: %[8]q
podLogsDir: %[9]q
volumePluginDir: %[10]q
nodeStatusUpdateFrequency: 4s
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: "1%%", imagefs.available: "1%%"}
configMapAndSecretChangeDetectionStrategy: Watch
shutdownGracePeriod: 0s
`, c.socket(), Name, nodeAddress, c.certificate("kubelet-server"), c.key("kubelet-server"), c.Authority(),
		dnsService, c.path("resolv.conf"), c.podLogs(), c.path("volumeplugins"))
}

func (c *Cluster) podLogs() string { return filepath.Join(c.LogFolder(), "pods") }

// proxyConfig leaves the machine's connection tracking as it is.
func (c *Cluster) proxyConfig() string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: %q}
clusterCIDR: %s
hostnameOverride: %s
bindAddress: %s
metricsBindAddress: 127.0.0.1:10249
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
`, c.path("proxy.kubeconfig"), podRange, NodeName, nodeAddress)
}

// ctr runs containerd's client on the namespace of Kubernetes.
func (c *Cluster) ctr(ctx context.Context, arguments ...string) (string, error) {
	argv := append([]string{c.program("ctr"), "--address", c.socket(), "--namespace", "k8s.io"}, arguments...)
	out, err := c.Command(ctx, argv...).Output()
	if err != nil {
		return "", fmt.Errorf("ctr %v: %w", arguments, err)
	}
	return string(out), nil
}

// Import gives the node the images that package build wrote.
func (c *Cluster) Import(ctx context.Context) error {
	archives, err := filepath.Glob(c.program("*.tar"))
	if err != nil {
		return err
	}
	if len(archives) == 0 {
		return fmt.Errorf("%s has no images: run `cluster build` first", c.Programs)
	}
	for _, archive := range archives {
		if _, err := c.ctr(ctx, "images", "import", archive); err != nil {
			return err
		}
	}
	return nil
}

// saveParameters keeps the kernel's parameters that kubelet sets for the whole
// machine.
func (c *Cluster) saveParameters() error {
	for _, name := range []string{
		"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
		"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
	} {
		value, err := os.ReadFile("/proc/sys/" + name)
		if err != nil {
			return err
		}
		if err := write(c.path("parameters", name), value); err != nil {
			return err
		}
	}
	return nil
}
