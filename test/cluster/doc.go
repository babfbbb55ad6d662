// Package cluster runs a real Kubernetes with one node on a Linux machine: etcd,
// the control plane, kubelet, kube-proxy, containerd and CoreDNS, in a network
// namespace of its own that nothing leaves. Nothing is downloaded: package build
// has built it all, and Debian's packages give the rest.
//
// It starts and stops processes, and knows no API of Kubernetes beyond kubectl and
// nothing of hedged. What it changes on the machine it puts back in Down: network
// namespace, mounts, control groups, kernel parameters, processes. It stops only
// processes that it started.
package cluster
