package inspect_test

import (
	"os"

	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/pkg/source"
)

// What is wrong with policies is told as the daemon and its webhook tell it.
func ExampleCheck() {
	report := inspect.Check([]source.File{{Place: "shop.yaml", Data: []byte("kind: HedgePolcy\n")}}, "cluster.local")
	_ = report.Write(os.Stdout)
	// Output:
	// shop.yaml:1:7: kind: Unsupported value: "HedgePolcy": supported values: "HedgePolicy"
}
