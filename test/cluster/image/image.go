package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// User is who the program of an image runs as: nobody in particular, and not
// root.
const User = "65532:65532"

// Image is what an archive is made of.
type Image struct {
	// Name is what a pod calls it: hedged.local/pause:1.
	Name string
	// Program is the file of what it runs. It keeps its name, in the root folder.
	Program string
}

// WriteFile writes the archive to a file, whole or not at all.
func (i Image) WriteFile(path string) error {
	out, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	err = i.Write(out)
	if closed := out.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(out.Name(), path)
	}
	if err != nil {
		_ = os.Remove(out.Name())
		return fmt.Errorf("image %s: %w", i.Name, err)
	}
	return nil
}

// Write writes the archive.
func (i Image) Write(w io.Writer) error {
	layer, err := i.layer()
	if err != nil {
		return err
	}
	digest := sum(layer)
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "created": time.Unix(0, 0).UTC(),
		"config": map[string]any{
			"Entrypoint": []string{"/" + filepath.Base(i.Program)}, "User": User, "WorkingDir": "/", "Env": []string{"PATH=/"},
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + digest}},
	})
	if err != nil {
		return err
	}
	configName, layerName := sum(config)+".json", digest+".tar"
	manifest, err := json.Marshal([]any{map[string]any{
		"Config": configName, "RepoTags": []string{i.Name}, "Layers": []string{layerName},
	}})
	if err != nil {
		return err
	}
	t := tar.NewWriter(w)
	for _, f := range []struct {
		name string
		data []byte
	}{{configName, config}, {layerName, layer}, {"manifest.json", manifest}} {
		if err := add(t, f.name, 0o644, f.data); err != nil {
			return err
		}
	}
	return t.Close()
}

// layer is the image's file system: /tmp, who its user is, and the program.
func (i Image) layer() ([]byte, error) {
	var out bytes.Buffer
	t := tar.NewWriter(&out)
	for _, folder := range []string{"etc/", "tmp/"} {
		if err := t.WriteHeader(&tar.Header{Name: folder, Typeflag: tar.TypeDir, Mode: 0o1777}); err != nil {
			return nil, err
		}
	}
	if err := add(t, "etc/passwd", 0o644, []byte("root:x:0:0::/:\nnonroot:x:65532:65532::/:\n")); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(i.Program)
	if err != nil {
		return nil, err
	}
	if err := add(t, filepath.Base(i.Program), 0o755, data); err != nil {
		return nil, err
	}
	return out.Bytes(), t.Close()
}

func add(t *tar.Writer, name string, mode int64, data []byte) error {
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := t.Write(data)
	return err
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
