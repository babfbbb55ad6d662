package source_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"hedged.dev/hedged/pkg/source"
)

// A directory is read at once, and again whenever its files have changed.
func ExampleDirectory() {
	dir, err := os.MkdirTemp("", "policies")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "catalog.yaml")
	if err := os.WriteFile(file, []byte("kind: HedgePolicy\n"), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	directory := source.NewDirectory(dir, "shop", slog.New(slog.DiscardHandler))
	err = directory.Run(ctx, func(s source.Snapshot) {
		for _, f := range s.Files {
			fmt.Printf("%s in namespace %s: %s", filepath.Base(f.Place), f.Namespace, f.Data)
		}
		if len(s.Files) == 0 {
			cancel()
			return
		}
		_ = os.Remove(file)
	})
	fmt.Println("ended:", err)

	// Output:
	// catalog.yaml in namespace shop: kind: HedgePolicy
	// ended: <nil>
}
