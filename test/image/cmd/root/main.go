// Command root writes what an image holds beside its program into a folder. The
// Dockerfile runs it.
package main

import (
	"fmt"
	"os"

	"hedged.dev/hedged/test/image/root"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: root FOLDER")
		os.Exit(2)
	}
	if err := root.Write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "root:", err)
		os.Exit(1)
	}
}
