// Package build builds what a cluster is made of, from Go modules and this
// checkout: Kubernetes, containerd, and the images that run in it.
//
// It does not know how they are started. Building Kubernetes for the first time
// takes about ten minutes on two processors; afterwards Go's build cache has it.
package build
