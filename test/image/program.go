package image

import (
	"debug/elf"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// platformOf returns what a program runs on. An image holds nothing but the
// program, so that one which asks for a loader or libraries would not start: the
// error says so.
func platformOf(program string) (v1.Platform, error) {
	platform := v1.Platform{OS: "linux"}
	file, err := elf.Open(program)
	if err != nil {
		return platform, fmt.Errorf("%s is no program for Linux: build it with GOOS=linux: %w", program, err)
	}
	defer file.Close()
	switch file.Machine {
	case elf.EM_X86_64:
		platform.Architecture = "amd64"
	case elf.EM_AARCH64:
		platform.Architecture = "arm64"
	default:
		return platform, fmt.Errorf("%s is for %s: images are for EM_X86_64 (amd64) and EM_AARCH64 (arm64)", program, file.Machine)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return platform, fmt.Errorf("%s is not static, it asks for a loader: build it with CGO_ENABLED=0 and without -buildmode=pie", program)
		}
	}
	return platform, nil
}
