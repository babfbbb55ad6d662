package image

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// WriteFile writes the image as an archive of the kind that `docker save` writes,
// whole or not at all. Such an archive is for one platform.
func (i Image) WriteFile(path string) error {
	built, err := i.Build()
	if err != nil {
		return err
	}
	tag, err := name.NewTag(i.Name)
	if err != nil {
		return fmt.Errorf("image %s: %w", i.Name, err)
	}
	return replace(path, func(part string) error {
		if err := tarball.WriteToFile(part, tag, built); err != nil {
			return fmt.Errorf("image %s: %w", i.Name, err)
		}
		return nil
	})
}

// WriteLayout writes one image for several platforms as a folder in the form of
// the OCI image layout, whole or not at all. It is called what the first is
// called.
func WriteLayout(folder string, images ...Image) error {
	if len(images) == 0 {
		return errors.New("an image layout needs a program")
	}
	tag, err := name.NewTag(images[0].Name)
	if err != nil {
		return fmt.Errorf("image %s: %w", images[0].Name, err)
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	seen := map[string]string{}
	for _, i := range images {
		built, err := i.Build()
		if err != nil {
			return err
		}
		platform, err := platformOf(i.Program)
		if err != nil {
			return err
		}
		if other, ok := seen[platform.String()]; ok {
			return fmt.Errorf("image %s: %s and %s are both for %s", i.Name, other, i.Program, platform)
		}
		seen[platform.String()] = i.Program
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: built, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	return replace(folder, func(part string) error {
		path, err := layout.Write(part, empty.Index)
		if err != nil {
			return err
		}
		// podman and skopeo look for the first; containerd for the second, which has
		// the registry's name in it, and Docker's by the name that Kubernetes knows.
		return path.AppendIndex(index, layout.WithAnnotations(map[string]string{
			"org.opencontainers.image.ref.name": images[0].Name, "io.containerd.image.name": strings.TrimPrefix(tag.Name(), "index."),
		}))
	})
}

// replace puts what write makes beside a path in its place, and leaves the path
// alone if that fails.
func replace(path string, write func(part string) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	part := path + ".part"
	err := errors.Join(os.RemoveAll(part), write(part))
	if err == nil {
		err = errors.Join(os.RemoveAll(path), os.Rename(part, path))
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(part))
	}
	return nil
}
