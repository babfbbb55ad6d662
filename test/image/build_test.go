package image

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBuild runs build.sh with engines that are not real: each writes down how it
// was called, and answers `info` or does not.
func TestBuild(t *testing.T) {
	const answers, silent = "exit 0", `[ "$1" != info ]`
	f := func(name string, engines map[string]string, env []string, want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			calls := filepath.Join(folder, "calls")
			engines["go"] = `[ "$1" != env ] || echo amd64`
			for engine, body := range engines {
				script := "#!/bin/sh\necho " + engine + ` "$@" >>` + calls + "\n" + body + "\n"
				if err := os.WriteFile(filepath.Join(folder, engine), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			command := exec.CommandContext(t.Context(), "./build.sh", "hedged:dev")
			command.Env = append([]string{
				"PATH=" + folder + ":/usr/bin:/bin", "VERSION=v1", "COMMIT=abc", "DATE=today", "SOURCE_DATE_EPOCH=7", "OUT=" + folder + "/out",
			}, env...)
			out, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			called, err := os.ReadFile(calls)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range want {
				if !strings.Contains(string(called)+string(out), w) {
					t.Errorf("no %q in\n%s%s", w, called, out)
				}
			}
		})
	}
	const args = "--build-arg VERSION=v1 --build-arg COMMIT=abc --build-arg DATE=today --build-arg SOURCE_DATE_EPOCH=7 -t hedged:dev ."
	f("docker is asked first", map[string]string{"docker": answers, "podman": answers}, nil, "docker build "+args)
	f("an engine that does not answer is passed over", map[string]string{"docker": silent, "podman": answers}, nil,
		"docker is installed and does not answer", "podman build --timestamp 7 --identity-label=false "+args)
	f("buildah", map[string]string{"docker": silent, "podman": silent, "buildah": answers}, nil,
		"podman is installed and does not answer", "buildah build --timestamp 7 --identity-label=false "+args)
	const program = "/out/image/linux/amd64/hedged"
	f("none answers", map[string]string{"docker": silent, "podman": silent, "buildah": silent}, nil,
		"no engine answers", "go build -trimpath -buildvcs=false -ldflags -s -w -o", program+" ./cmd/hedged",
		"go run -C test/image ./cmd/image -f ../../Dockerfile -t hedged:dev -build-arg VERSION=v1 -build-arg COMMIT=abc -build-arg DATE=today -o",
		"/out/hedged.tar -program ")
	f("none is wanted", map[string]string{"docker": answers}, []string{"ENGINE=none", "PLATFORMS=linux/amd64 linux/arm64"},
		"/out/hedged.oci -program ", program+" -program ", "/out/image/linux/arm64/hedged\n")
	f("another is wanted", map[string]string{"docker": answers, "buildah": answers}, []string{"ENGINE=buildah"}, "buildah build ")
}

func TestBuildFaults(t *testing.T) {
	command := exec.CommandContext(t.Context(), "./build.sh", "hedged:dev")
	command.Env = []string{"PATH=/usr/bin:/bin", "ENGINE=kaniko"}
	out, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "ENGINE=kaniko: docker, podman, buildah or none is expected") {
		t.Errorf("%v\n%s", err, out)
	}
}
