package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"hedged.dev/hedged/test/image/root"
)

// newLayer is an image's file system: what package root says, and the program.
// Everything belongs to root, so that the program cannot change itself.
func newLayer(program string, modified time.Time) (v1.Layer, error) {
	files, err := root.Files()
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	files = append(files, root.File{Name: filepath.Base(program), Mode: 0o755, Data: data})

	var archive bytes.Buffer
	t := tar.NewWriter(&archive)
	for _, f := range files {
		if err := add(t, f, modified); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }
	return tarball.LayerFromOpener(open,
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.DefaultCompression), tarball.WithCompressedCaching)
}

func add(t *tar.Writer, f root.File, modified time.Time) error {
	// The form is the oldest that has room for the names: no engine reads it
	// otherwise, and its bytes do not depend on what is in it.
	header := tar.Header{Format: tar.FormatUSTAR, Name: f.Name, Mode: f.Mode, ModTime: modified, Typeflag: tar.TypeReg, Size: int64(len(f.Data))}
	if f.Folder() {
		header.Typeflag = tar.TypeDir
	}
	if err := t.WriteHeader(&header); err != nil {
		return err
	}
	_, err := t.Write(f.Data)
	return err
}
