// Package apiserver runs a real Kubernetes API server for tests: etcd and
// kube-apiserver with RBAC, on ports of their own on loopback. `make kube` builds
// the program; nothing else of a cluster is there: no controllers, no node.
//
// It does not know what is tested against it. test/cluster is the whole of a
// cluster, with a node.
package apiserver
