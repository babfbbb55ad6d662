package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hedged.dev/hedged/test/cluster/pki"
)

// arguments are what a component is started with.
func (c *Cluster) arguments(name string) []string {
	switch name {
	case etcd:
		return []string{
			"--data-dir=" + c.path("etcd"), "--unsafe-no-fsync", "--logger=zap", "--log-level=warn",
			"--listen-client-urls=" + Etcd, "--advertise-client-urls=" + Etcd,
			"--listen-peer-urls=http://" + etcdPeer, "--initial-advertise-peer-urls=http://" + etcdPeer,
			"--initial-cluster=default=http://" + etcdPeer,
		}
	case APIServer:
		host, port, _ := strings.Cut(apiAddress, ":")
		return []string{
			"--etcd-servers=" + Etcd, "--bind-address=" + host, "--advertise-address=" + host, "--secure-port=" + port,
			"--cert-dir=" + c.path("pki"), "--tls-cert-file=" + c.certificate("apiserver"), "--tls-private-key-file=" + c.key("apiserver"),
			"--client-ca-file=" + c.Authority(), "--kubelet-client-certificate=" + c.certificate("apiserver-kubelet"),
			"--kubelet-client-key=" + c.key("apiserver-kubelet"), "--kubelet-preferred-address-types=InternalIP",
			"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
			"--service-account-key-file=" + c.path("pki", "accounts.pub"), "--service-account-signing-key-file=" + c.key("accounts"),
			"--service-cluster-ip-range=" + serviceRange, "--authorization-mode=Node,RBAC",
			"--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		}
	case controllers:
		return []string{
			"--kubeconfig=" + c.path("controllers.kubeconfig"), "--bind-address=127.0.0.1", "--cert-dir=" + c.path("pki"),
			"--leader-elect=false", "--use-service-account-credentials=true",
			"--service-account-private-key-file=" + c.key("accounts"), "--root-ca-file=" + c.Authority(),
			"--service-cluster-ip-range=" + serviceRange, "--cluster-cidr=" + podRange, "--allocate-node-cidrs=true",
			"--node-monitor-period=2s", "--node-monitor-grace-period=50s",
		}
	case scheduler:
		return []string{
			"--kubeconfig=" + c.path("scheduler.kubeconfig"), "--bind-address=127.0.0.1", "--cert-dir=" + c.path("pki"),
			"--leader-elect=false",
		}
	case containerd:
		return []string{"--config=" + c.path("containerd.toml"), "--log-level=info"}
	case Kubelet:
		return []string{
			"--config=" + c.path("kubelet.yaml"), "--kubeconfig=" + c.path("kubelet.kubeconfig"),
			"--root-dir=" + c.path("kubelet"), "--cert-dir=" + c.path("pki"),
			"--hostname-override=" + NodeName, "--node-ip=" + nodeAddress, "--v=2",
		}
	case kubeProxy:
		return []string{"--config=" + c.path("proxy.yaml")}
	}
	panic("no component is called " + name)
}

func (c *Cluster) certificate(name string) string { return c.path("pki", name+".crt") }

func (c *Cluster) key(name string) string { return c.path("pki", name+".key") }

// writeKeys makes an authority, the components' certificates, and the kubeconfigs
// of those that call the API server.
func (c *Cluster) writeKeys() error {
	authority, err := pki.NewAuthority(Name)
	if err != nil {
		return err
	}
	if err := write(c.Authority(), authority.Certificate); err != nil {
		return err
	}
	public, private, err := pki.Keys()
	if err != nil {
		return err
	}
	if err := write(c.path("pki", "accounts.pub"), public); err != nil {
		return err
	}
	if err := write(c.key("accounts"), private); err != nil {
		return err
	}
	masters := []string{"system:masters"}
	for file, subject := range map[string]pki.Subject{
		"apiserver": {Name: "kube-apiserver", Hosts: []string{
			"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local",
			"127.0.0.1", nodeAddress, apiService,
		}},
		"apiserver-kubelet": {Name: "apiserver-kubelet", Groups: masters},
		"kubelet-server":    {Name: NodeName, Hosts: []string{NodeName, nodeAddress}},
		"admin":             {Name: "admin", Groups: masters},
		"controllers":       {Name: "system:kube-controller-manager"},
		"scheduler":         {Name: "system:kube-scheduler"},
		"kubelet":           {Name: "system:node:" + NodeName, Groups: []string{"system:nodes"}},
		"proxy":             {Name: "system:kube-proxy"},
	} {
		pair, err := authority.Issue(subject)
		if err != nil {
			return err
		}
		if err := write(c.certificate(file), pair.Certificate); err != nil {
			return err
		}
		if err := write(c.key(file), pair.Key); err != nil {
			return err
		}
	}
	for _, user := range []string{"admin", "controllers", "scheduler", "kubelet", "proxy"} {
		if err := write(c.path(user+".kubeconfig"), c.kubeconfig(user)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) kubeconfig(user string) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters: [{name: %[1]s, cluster: {server: "%[2]s", certificate-authority: "%[3]s"}}]
users: [{name: %[4]s, user: {client-certificate: "%[5]s", client-key: "%[6]s"}}]
contexts: [{name: %[1]s, context: {cluster: %[1]s, user: %[4]s}}]
current-context: %[1]s
`, Name, Server, c.Authority(), user, c.certificate(user), c.key(user))
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
