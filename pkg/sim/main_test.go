package sim

import (
	"flag"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// replace puts one text into another in place of a mark.
func replace(text, mark, by string) string { return strings.ReplaceAll(text, mark, by) }
