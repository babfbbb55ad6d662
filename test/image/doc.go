// Package image makes container images of static programs with no container
// engine, no registry and no base image: archives that `docker load`, `podman
// load` and `ctr images import` read, and OCI image layouts for several platforms.
// The same input makes the same bytes.
//
// It does not know how the programs are built, and runs none.
package image
