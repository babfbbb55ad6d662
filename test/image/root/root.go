package root

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// User is who the program of an image runs as: nobody in particular, and not
// root. Kubernetes wants it as a number to know that.
const User = "65532:65532"

// File is one file or folder.
type File struct {
	// Name is its path without the leading slash. A folder's ends with one.
	Name string
	// Mode is what chmod takes.
	Mode int64
	Data []byte
}

// Folder tells whether the file is a folder.
func (f File) Folder() bool { return strings.HasSuffix(f.Name, "/") }

// Files returns all files in the order in which an archive holds them: a folder
// before what is in it.
func Files() ([]File, error) {
	trusted, err := certificates()
	if err != nil {
		return nil, err
	}
	return []File{
		{Name: "etc/", Mode: 0o755},
		{Name: "etc/group", Mode: 0o644, Data: []byte("hedged:x:65532:\n")},
		{Name: "etc/passwd", Mode: 0o644, Data: []byte("hedged:x:65532:65532:hedged:/:/sbin/nologin\n")},
		{Name: "etc/ssl/", Mode: 0o755},
		{Name: "etc/ssl/certs/", Mode: 0o755},
		{Name: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644, Data: trusted},
		{Name: "tmp/", Mode: 0o1777},
	}, nil
}

// certificates is Mozilla's list of authorities, as a module of the Go project
// has it: go.sum pins its bytes on every machine, and nobody's own authorities
// get into an image. An authority that Mozilla trusts only in part is left out,
// since this form of list cannot say so.
func certificates() ([]byte, error) {
	var out bytes.Buffer
	for r := range bundle.Roots() {
		if r.Constraint != nil {
			continue
		}
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate}); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// Write writes the files below a folder.
func Write(folder string) error {
	files, err := Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := write(filepath.Join(folder, f.Name), f); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, f File) error {
	if f.Folder() {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
	} else if err := os.WriteFile(path, f.Data, 0o644); err != nil {
		return err
	}
	mode := os.FileMode(f.Mode & 0o777)
	if f.Mode&0o1000 != 0 {
		mode |= os.ModeSticky
	}
	// What is made has the mode that was asked for less the process's mask.
	return os.Chmod(path, mode)
}
