package image

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// compile builds testdata/hello for linux/amd64 into a folder of its own.
func compile(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "hello")
	command := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./testdata/hello")
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// forMachine returns a copy of a program that says it is for another processor.
func forMachine(t *testing.T, program string, machine elf.Machine) string {
	t.Helper()
	return changed(t, program, func(data []byte) { binary.LittleEndian.PutUint16(data[18:], uint16(machine)) })
}

// withLoader returns a copy of a program that asks for a loader: its notes have
// become the loader's name.
func withLoader(t *testing.T, program string) string {
	t.Helper()
	return changed(t, program, func(data []byte) {
		const first, size = 64, 56 // of the program headers, in 64 bits
		for n := range int(binary.LittleEndian.Uint16(data[56:])) {
			if kind := data[first+n*size:]; elf.ProgType(binary.LittleEndian.Uint32(kind)) == elf.PT_NOTE {
				binary.LittleEndian.PutUint32(kind, uint32(elf.PT_INTERP))
				return
			}
		}
		t.Fatal("the program has no notes")
	})
}

func changed(t *testing.T, program string, change func(data []byte)) string {
	t.Helper()
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	change(data)
	other := filepath.Join(t.TempDir(), filepath.Base(program))
	if err := os.WriteFile(other, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return other
}
