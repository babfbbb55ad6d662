package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"hedged.dev/hedged/pkg/source"
)

// Files reads a file, the standard input (-), or what the daemon would read of a
// directory. A file that cannot be read is among them, with its error.
func Files(ctx context.Context, name, namespace string, stdin io.Reader) ([]source.File, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return directory(ctx, name, namespace)
	}
	f := source.File{Place: filepath.Clean(name), Namespace: namespace}
	var err error
	if name == "-" {
		f.Data, err = io.ReadAll(stdin)
	} else {
		f.Data, err = os.ReadFile(name)
	}
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		err = cause.Err // the place names the file
	}
	if err != nil {
		f.Err = fmt.Errorf("cannot be read: %w", err)
	}
	return []source.File{f}, nil
}

// directory takes the first snapshot of the daemon's own source, so that both
// agree on what a file of policies is.
func directory(ctx context.Context, name, namespace string) ([]source.File, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var files []source.File
	err := source.NewDirectory(name, namespace, slog.New(slog.DiscardHandler)).Run(ctx, func(s source.Snapshot) {
		files = s.Files
		cancel()
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s has no *.yaml, *.yml or *.json file", name)
	}
	return files, err
}
