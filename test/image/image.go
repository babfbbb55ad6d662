package image

import (
	"cmp"
	"fmt"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"hedged.dev/hedged/test/image/root"
)

// Image is what an image is made of.
type Image struct {
	// Name is what it is called: hedged:dev, ghcr.io/hedged/hedged:v1.2.3.
	Name string
	// Program is the file of what it runs: a static program for Linux, which
	// says itself for which processor. It keeps its name, in the root folder.
	Program string
	// Config is what the image says of itself. Of what is left empty, the user
	// is root.User, the entrypoint is the program, and PATH and the working
	// directory are the root folder.
	Config v1.Config
	// Created is when it was made, to the second. Every file in it has that time
	// too. The zero value is 1970, for images that nobody dates.
	Created time.Time
}

// Build returns the image.
func (i Image) Build() (v1.Image, error) {
	built, err := i.build()
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", i.Name, err)
	}
	return built, nil
}

func (i Image) build() (v1.Image, error) {
	platform, err := platformOf(i.Program)
	if err != nil {
		return nil, err
	}
	config, err := i.config()
	if err != nil {
		return nil, err
	}
	layer, err := newLayer(i.Program, i.created())
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: i.created()}
	base, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{
		Architecture: platform.Architecture, OS: platform.OS, Created: created, Config: config,
		RootFS: v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, err
	}
	built, err := mutate.Append(base, mutate.Addendum{
		Layer: layer, History: v1.History{Created: created, CreatedBy: "COPY / /"},
	})
	if err != nil {
		return nil, err
	}
	return mutate.ConfigMediaType(mutate.MediaType(built, types.OCIManifestSchema1), types.OCIConfigJSON), nil
}

// config is Config with what it left empty.
func (i Image) config() (v1.Config, error) {
	program := "/" + filepath.Base(i.Program)
	c := i.Config
	c.User = cmp.Or(c.User, root.User)
	c.WorkingDir = cmp.Or(c.WorkingDir, "/")
	if len(c.Entrypoint) == 0 {
		c.Entrypoint = []string{program}
	}
	if c.Env == nil {
		c.Env = []string{"PATH=/"}
	}
	if c.Entrypoint[0] != program {
		return c, fmt.Errorf("the entrypoint is %s, and the program is %s: name the file like the entrypoint", c.Entrypoint[0], program)
	}
	return c, nil
}

func (i Image) created() time.Time {
	if i.Created.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return i.Created.UTC().Truncate(time.Second)
}
