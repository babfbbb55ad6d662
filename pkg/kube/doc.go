// Package kube is what hedged writes to a Kubernetes API server, and the client
// that it speaks to it with. One pod of a release writes for all: the holder of
// its Lease (Lead). Feedback writes what became of each policy to where its user
// looks: an annotation on its ConfigMap, and Events. Keeper keeps the last good
// revisions of policies across restarts.
//
// It does not know how policies are read and judged, nor who calls. What it needs
// comes as values and functions; it asks for them again whenever it is woken.
package kube
