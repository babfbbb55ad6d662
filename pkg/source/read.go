package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFile is the largest file that is read, in bytes: as much as a ConfigMap holds.
const maxFile = 1 << 20

// errAbsent: the name is a directory's, or was removed while we looked.
var errAbsent = errors.New("not a file")

// isPolicyFile tells by its name a file of policies from what editors, Kubernetes
// and kustomize leave beside it.
func isPolicyFile(name string) bool {
	switch name {
	case "kustomization.yaml", "kustomization.yml":
		return false
	}
	return !strings.HasPrefix(name, ".") && hasPolicySuffix(name)
}

func hasPolicySuffix(name string) bool {
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// readDirectory reads every policy file of a directory. Only the directory's
// own failure is an error; a file's is in the snapshot.
func readDirectory(path, namespace string) (Snapshot, error) {
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		return Snapshot{}, err
	}
	var s Snapshot
	for _, entry := range entries {
		if !isPolicyFile(entry.Name()) {
			continue
		}
		place := filepath.Join(path, entry.Name())
		data, err := readFile(place)
		if errors.Is(err, errAbsent) {
			continue
		}
		s.Files = append(s.Files, File{Place: place, Namespace: namespace, Data: data, Err: err})
	}
	return s, nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path) // follows links, as Kubernetes volumes need
	switch {
	case err != nil:
		return nil, unreadable(path, err)
	case info.IsDir():
		return nil, errAbsent
	case !info.Mode().IsRegular():
		// Reading a pipe would wait for its writer.
		return nil, errors.New("cannot be read: not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("is larger than %d bytes: split it into several files", maxFile)
	}
	return data, nil
}

// unreadable explains err without the path, which the file's place tells. A
// link that leads nowhere is unreadable; a name that is gone is absent.
func unreadable(path string, err error) error {
	if _, gone := os.Lstat(path); errors.Is(gone, fs.ErrNotExist) {
		return errAbsent
	}
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		err = cause.Err
	}
	return fmt.Errorf("cannot be read: %w", err)
}
