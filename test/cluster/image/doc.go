// Package image writes container images of static programs, as archives that
// `ctr images import` and `docker load` read. It needs no registry, no base image
// and no container engine.
//
// It does not know how the programs are built, and writes one layer only.
package image
