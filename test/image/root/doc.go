// Package root is what an image's file system holds beside its program: who runs
// it, whom TLS trusts, and a folder for temporary files.
//
// It does not know how images are written. The Dockerfile and package image take
// it from here, so that both make the same image.
package root
