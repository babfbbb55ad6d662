package image

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"hedged.dev/hedged/test/image/root"
)

// TestArchive reads back what was written: what an engine would find in it.
func TestArchive(t *testing.T) {
	program := compile(t)
	created := time.Date(2026, 11, 23, 5, 18, 27, 0, time.FixedZone("", 3600))
	i := Image{Name: "hedged.local/hello:1", Program: program, Created: created, Config: v1.Config{
		Cmd: []string{"serve"}, Labels: map[string]string{"a": "b"},
	}}
	path := filepath.Join(t.TempDir(), "new", "hello.tar")
	if err := i.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	read, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(read); err != nil {
		t.Error(err)
	}
	config, err := read.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{
		User: "65532:65532", Env: []string{"PATH=/"}, Entrypoint: []string{"/hello"}, Cmd: []string{"serve"},
		WorkingDir: "/", Labels: map[string]string{"a": "b"},
	}
	if diff := cmp.Diff(want, config.Config); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
	if config.OS != "linux" || config.Architecture != "amd64" || !config.Created.Equal(created) {
		t.Errorf("%s/%s of %s", config.OS, config.Architecture, config.Created)
	}
	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(path) })
	if err != nil || len(manifest) != 1 || !cmp.Equal(manifest[0].RepoTags, []string{"hedged.local/hello:1"}) {
		t.Errorf("manifest %+v, %v", manifest, err)
	}
	checkFiles(t, read, program, created)
}

// checkFiles compares an image's files with those of package root and its program.
func checkFiles(t *testing.T, read v1.Image, program string, created time.Time) {
	t.Helper()
	files, err := root.Files()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, root.File{Name: "hello", Mode: 0o755, Data: data})

	extracted := mutate.Extract(read)
	defer extracted.Close()
	var got []root.File
	for archive := tar.NewReader(extracted); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !header.ModTime.Equal(created) || header.Uid != 0 || header.Gid != 0 {
			t.Errorf("%s: modified %s, owner %d:%d", header.Name, header.ModTime, header.Uid, header.Gid)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		name := header.Name
		if header.Typeflag == tar.TypeDir {
			name, content = strings.TrimSuffix(name, "/")+"/", nil
		}
		got = append(got, root.File{Name: name, Mode: header.Mode, Data: content})
	}
	if diff := cmp.Diff(files, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestReproducible builds one image twice, and one that differs by a second.
func TestReproducible(t *testing.T) {
	program := compile(t)
	write := func(created time.Time) []byte {
		path := filepath.Join(t.TempDir(), "hello.tar")
		config := v1.Config{Labels: map[string]string{}, ExposedPorts: map[string]struct{}{}}
		for _, key := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
			config.Labels[key], config.ExposedPorts[key+"/tcp"] = key, struct{}{}
		}
		if err := (Image{Name: "hello:1", Program: program, Config: config, Created: created}).WriteFile(path); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	first := write(time.Unix(1, 0))
	if !bytes.Equal(first, write(time.Unix(1, 999))) {
		t.Error("the same image has other bytes the second time")
	}
	if bytes.Equal(first, write(time.Unix(2, 0))) {
		t.Error("the time of creation is not in the image")
	}
}

func TestLayout(t *testing.T) {
	amd64 := compile(t)
	arm64 := forMachine(t, amd64, elf.EM_AARCH64)
	folder := filepath.Join(t.TempDir(), "oci")
	for range 2 { // the second replaces the first
		if err := WriteLayout(folder, Image{Name: "hello:1", Program: amd64}, Image{Name: "hello:1", Program: arm64}); err != nil {
			t.Fatal(err)
		}
	}
	outer, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(outer); err != nil {
		t.Error(err)
	}
	index, err := outer.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(index.Manifests) != 1 {
		t.Fatalf("manifests %+v", index.Manifests)
	}
	names := map[string]string{
		"org.opencontainers.image.ref.name": "hello:1", "io.containerd.image.name": "docker.io/library/hello:1",
	}
	if diff := cmp.Diff(names, index.Manifests[0].Annotations); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	inner, err := outer.ImageIndex(index.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if index, err = inner.IndexManifest(); err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range index.Manifests {
		platforms = append(platforms, m.Platform.String())
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}
