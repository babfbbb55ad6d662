package command_test

import (
	"io"
	"os"

	"hedged.dev/hedged/pkg/command"
)

// A table's columns are in line; the last one may be as long as it likes.
func ExampleTable() {
	_ = command.Table{{"policy", "place"}, {"shop/catalog", "policies/shop.yaml"}}.Write(os.Stdout, "  ")
	// Output:
	//   policy        place
	//   shop/catalog  policies/shop.yaml
}

// What a command found is written as its --output says.
func ExampleWrite() {
	found := map[string]int{"policies": 2}
	text := func(w io.Writer) error {
		_, err := io.WriteString(w, command.Count(found["policies"], "policy", "policies")+"\n")
		return err
	}
	for _, format := range []string{"text", "json", "yaml"} {
		_ = command.Write(os.Stdout, format, found, text)
	}
	// Output:
	// 2 policies
	// {
	//   "policies": 2
	// }
	// policies: 2
}
