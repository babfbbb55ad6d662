package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"hedged.dev/hedged/test/image"
	"hedged.dev/hedged/test/image/dockerfile"
)

// Version is the Kubernetes that go.mod names.
const Version = "v1.37.2"

// Registry is what the names of all images begin with: none, nobody asks it.
const Registry = "hedged.local/"

// Builder builds into the folder bin/cluster of a checkout.
type Builder struct {
	// Checkout is the folder of the root module.
	Checkout string
	// Out is where the compiler's messages go.
	Out io.Writer
}

// Find returns the builder of the checkout that the current folder is in.
func Find(out io.Writer) (*Builder, error) {
	folder, err := os.Getwd()
	for ; err == nil; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "test", "cluster", "go.mod")); err == nil {
			return &Builder{Checkout: folder, Out: out}, nil
		}
		if folder == filepath.Dir(folder) {
			err = errors.New("this folder is in no checkout of hedged")
		}
	}
	return nil, err
}

// Folder is where everything is built to.
func (b *Builder) Folder() string { return filepath.Join(b.Checkout, "bin", "cluster") }

// Kube builds the control plane and its clients. That is all that the tests of
// packages need.
func (b *Builder) Kube(ctx context.Context) error {
	if err := b.compile(ctx, kubernetes(), "./cmd/kube"); err != nil {
		return err
	}
	return b.alias("kube", "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "helm")
}

// Node builds what runs on a node.
func (b *Builder) Node(ctx context.Context) error {
	if err := b.compile(ctx, kubernetes(), "./cmd/node"); err != nil {
		return err
	}
	if err := b.alias("node", "kubelet", "kube-proxy"); err != nil {
		return err
	}
	const containerd = "github.com/containerd/containerd/v2/cmd/"
	return b.compile(ctx, recipe{flags: []string{lean, "-tags=no_btrfs,no_zfs,no_devmapper"}},
		containerd+"containerd", containerd+"ctr", containerd+"containerd-shim-runc-v2")
}

// System builds the images that do not depend on hedged: what Kubernetes itself
// needs, and the endpoints to test against.
func (b *Builder) System(ctx context.Context) error {
	if err := b.compile(ctx, recipe{flags: []string{lean}}, "./cmd/pause", "./cmd/upstream", "github.com/coredns/coredns"); err != nil {
		return err
	}
	return b.pack("pause", "upstream", "coredns")
}

// Hedged builds hedged and its plugin from the checkout, and the image that the
// Dockerfile describes, as `make image` does without a container engine.
func (b *Builder) Hedged(ctx context.Context) error {
	if err := b.compile(ctx, recipe{module: b.Checkout}, "./cmd/hedged", "./cmd/kubectl-hedged"); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(b.Checkout, "Dockerfile"))
	if err != nil {
		return err
	}
	config, err := dockerfile.Config(string(text), nil)
	if err != nil {
		return fmt.Errorf("Dockerfile: %w", err)
	}
	return b.write(image.Image{Name: "hedged", Config: config})
}

// Jaeger builds Jaeger, from a module of its own: its requirements and those of
// Kubernetes do not agree.
func (b *Builder) Jaeger(ctx context.Context) error {
	r := recipe{module: filepath.Join(b.Checkout, "test", "jaeger"), flags: []string{lean}}
	if err := b.compile(ctx, r, "github.com/jaegertracing/jaeger/cmd/jaeger"); err != nil {
		return err
	}
	return b.pack("jaeger")
}

// pack writes the images of programs that are built.
func (b *Builder) pack(names ...string) error {
	for _, name := range names {
		if err := b.write(image.Image{Name: name}); err != nil {
			return err
		}
	}
	return nil
}

// All builds everything.
func (b *Builder) All(ctx context.Context) error {
	for _, part := range []func(context.Context) error{b.Kube, b.Node, b.System, b.Jaeger, b.Hedged} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// write writes the archive of an image beside its program, which has its name.
func (b *Builder) write(i image.Image) error {
	i.Program = filepath.Join(b.Folder(), i.Name)
	i.Name = Registry + i.Name + ":1"
	return i.WriteFile(i.Program + ".tar")
}

// recipe is how packages are compiled.
type recipe struct {
	module string // the folder of their module; "": this one
	flags  []string
	link   string
}

// lean leaves debug information out of the compiler's work too, not only out of
// the program: that is an eighth of it. What is compiled once so serves all.
const lean = "-gcflags=all=-dwarf=false"

// kubernetes is how Kubernetes is compiled.
func kubernetes() recipe {
	return recipe{flags: []string{lean}, link: strings.Join([]string{
		stamp("k8s.io/component-base/version", Version), stamp("k8s.io/client-go/pkg/version", Version),
		"-X helm.sh/helm/v4/internal/version.version=v4.3.1",
	}, " ")}
}

// stamp is what the linker writes into a package that tells a version.
func stamp(path, version string) string {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	return fmt.Sprintf("-X %[1]s.gitVersion=%[2]s -X %[1]s.gitMajor=%[3]s -X %[1]s.gitMinor=%[4]s -X %[1]s.gitTreeState=clean",
		path, version, parts[0], parts[1])
}

func (b *Builder) compile(ctx context.Context, r recipe, packages ...string) error {
	if err := os.MkdirAll(b.Folder(), 0o755); err != nil {
		return err
	}
	arguments := append([]string{"build", "-trimpath", "-ldflags", strings.TrimSpace("-s -w " + r.link)}, r.flags...)
	arguments = append(arguments, "-o", b.Folder()+string(filepath.Separator))
	command := exec.CommandContext(ctx, "go", append(arguments, packages...)...)
	command.Dir = r.module
	if command.Dir == "" {
		command.Dir = filepath.Join(b.Checkout, "test", "cluster")
	}
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false -trimpath", "GOTOOLCHAIN=local")
	command.Stdout, command.Stderr = b.Out, b.Out
	if err := command.Run(); err != nil {
		return fmt.Errorf("build %s: %w", strings.Join(packages, " "), err)
	}
	return nil
}

// alias gives a program its other names.
func (b *Builder) alias(program string, names ...string) error {
	for _, name := range names {
		link := filepath.Join(b.Folder(), name)
		if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
			return err
		}
		if err := os.Symlink(program, link); err != nil {
			return err
		}
	}
	return nil
}
