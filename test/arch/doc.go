// Package arch holds the architecture: which package may import which, what
// packages may not be called, and which modules stay out of go.mod. Its test
// reads the source of the whole module, so a broken rule fails `go test ./...`
// and names the line.
//
// It does not know what the packages do, and it does not look into _test.go
// files: a test may wire whatever it needs.
package arch
