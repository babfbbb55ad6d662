package sim

import (
	"flag"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// replace puts one text into another in place of a mark.
func replace(text, mark, by string) string { return strings.ReplaceAll(text, mark, by) }

// builtins are the built-in scenarios, which take a while to read.
var builtins = sync.OnceValue(Builtin)

func scenario(t *testing.T, name string) Scenario {
	t.Helper()
	all := builtins()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no scenario is called %s", name)
	}
	return all[i]
}
