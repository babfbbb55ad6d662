package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var checkout = filepath.Join("..", "..", "..", "..")

// TestHedged makes the image of the daemon twice, as an archive and as a layout: it
// is the same image.
func TestHedged(t *testing.T) {
	// Pulled onto every node, so it is kept small; in megabytes, compressed.
	const most = 40

	program := filepath.Join(t.TempDir(), "hedged")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program, "./cmd/hedged")
	build.Dir = checkout
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	image := func(flag, to string) string {
		var out bytes.Buffer
		err := run([]string{
			"-t", "hedged:dev", "-f", filepath.Join(checkout, "Dockerfile"), "-program", program, "-build-arg", "VERSION=v1.2.3", flag, to,
		}, "1795411107", &out, io.Discard)
		if err != nil || out.String() != to+"\n" {
			t.Fatalf("image %s: %v, output %q", flag, err, &out)
		}
		return to
	}
	archive, err := tarball.ImageFromPath(image("-o", filepath.Join(t.TempDir(), "hedged.tar")), nil)
	if err != nil {
		t.Fatal(err)
	}
	config, err := archive.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Config.Labels["org.opencontainers.image.version"]; got != "v1.2.3" {
		t.Errorf("the label of the version is %q", got)
	}
	if config.Created.Unix() != 1795411107 || config.Config.User != "65532:65532" || config.Config.Entrypoint[0] != "/hedged" {
		t.Errorf("config %+v", config)
	}
	layer := onlyLayer(t, archive)
	size, err := layer.Size()
	if err != nil {
		t.Fatal(err)
	}
	if mb := float64(size) / 1e6; mb >= most {
		t.Errorf("the image has %.1f MB compressed: under %d are allowed", mb, most)
	}

	inLayout := firstOf(t, image("-layout", filepath.Join(t.TempDir(), "oci")))
	want, got := digests(t, archive), digests(t, inLayout)
	if want != got {
		t.Errorf("the archive has config and layer %s, and the layout %s", want, got)
	}
}

// firstOf returns the image for the first platform of a layout.
func firstOf(t *testing.T, folder string) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(folder)
	for range 2 { // a layout's index holds the image's, which holds one for each platform
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		first := manifest.Manifests[0]
		if first.MediaType.IsImage() {
			image, err := index.Image(first.Digest)
			if err != nil {
				t.Fatal(err)
			}
			return image
		}
		if index, err = index.ImageIndex(first.Digest); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("no image in %s", folder)
	return nil
}

func onlyLayer(t *testing.T, image v1.Image) v1.Layer {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	return layers[0]
}

// digests is what names an image's content.
func digests(t *testing.T, image v1.Image) string {
	t.Helper()
	config, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	layer, err := onlyLayer(t, image).Digest()
	if err != nil {
		t.Fatal(err)
	}
	return config.String() + " " + layer.String()
}

func TestFaults(t *testing.T) {
	dockerfile := filepath.Join(checkout, "Dockerfile")
	f := func(want, epoch string, args ...string) {
		t.Helper()
		if err := run(args, epoch, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", args, err, want)
		}
	}
	f("-t and -program are needed", "")
	f("-t and -program are needed", "", "-t", "a:1")
	f("-o or -layout is needed", "", "-t", "a:1", "-program", "p")
	f("an archive (-o) is for one platform", "", "-t", "a:1", "-program", "p", "-program", "q", "-o", "o")
	f(`"more" is no flag`, "", "-t", "a:1", "-program", "p", "-o", "o", "more")
	f("NAME=VALUE is expected", "", "-build-arg", "A")
	f("nowhere", "", "-t", "a:1", "-program", "p", "-o", "o", "-f", "nowhere")
	f("Dockerfile: the last stage has no ARG TYPO", "", "-t", "a:1", "-program", "p", "-o", "o", "-f", dockerfile, "-build-arg", "TYPO=1")
	f("SOURCE_DATE_EPOCH=yesterday: seconds since 1970 are expected", "yesterday", "-t", "a:1", "-program", "p", "-o", "o", "-f", dockerfile)
	f("image a:1: p is no program", "1", "-t", "a:1", "-program", "p", "-o", "o", "-f", dockerfile)
}

func TestHelp(t *testing.T) {
	var usage bytes.Buffer
	if err := run([]string{"-h"}, "", io.Discard, &usage); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	for _, want := range []string{"-t NAME", "-build-arg NAME=VALUE", "-layout FOLDER"} {
		if !strings.Contains(usage.String(), want) {
			t.Errorf("no %q in\n%s", want, &usage)
		}
	}
}
