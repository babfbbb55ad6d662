// Package e2e tests hedged on a real Kubernetes with a node: pods, Services,
// permissions, an API server that dies. `make e2e` runs it in the cluster that
// test/cluster makes.
//
// It knows hedged as its users do: by its flags, its documents, its metrics and
// what kubectl shows. It imports nothing of it.
package e2e
