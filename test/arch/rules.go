package arch

// Module is the path of the module whose architecture this is.
const Module = "hedged.dev/hedged"

// Rules are what a tree is checked against.
type Rules struct {
	// Floors gives each unit its floor. A unit is the first two elements of a
	// package's folder (pkg/hedge, api/v1alpha1, cmd/hedged) or, if those are
	// not in the table, the first (api, cmd). A package imports strictly lower
	// floors only; packages within one unit may import each other.
	Floors map[string]int
	// Names are package names that say nothing, with the remedy.
	Names []string
	// Imports are the packages and modules that not everybody may import.
	Imports []Restriction
	// Modules are prefixes of module paths that go.mod does not require.
	Modules []string
}

// Restriction is one import path, with all below it, that only some units may
// use.
type Restriction struct {
	Path string
	Only []string // units; none: nobody
	Why  string
}

// floorTable is docs/ARCHITECTURE.md's table of floors. Units of later work
// are in it before their code is.
var floorTable = map[string]int{
	"cmd": 6,

	"pkg/demo": 5,

	"pkg/daemon":  4,
	"pkg/inspect": 4,

	"pkg/proxy":    3,
	"pkg/control":  3,
	"pkg/admin":    3,
	"pkg/sim":      3,
	"pkg/kube":     3,
	"pkg/webhook":  3,
	"pkg/selftest": 3,

	"pkg/policy":    2,
	"pkg/transport": 2,
	"pkg/telemetry": 2, // docs/adr/0001

	"pkg/upstream":  1,
	"pkg/adapt":     1,
	"pkg/source":    1,
	"pkg/discovery": 1,

	"api":         0,
	"policies":    0, // the examples, embedded
	"pkg/access":  0, // docs/adr/0011
	"pkg/command": 0,
	"pkg/hedge":   0,
	"pkg/budget":  0,
	"pkg/breaker": 0,
	"pkg/plot":    0,
	"pkg/record":  0,
	"pkg/wire":    0,
}

// ruleTable is what the module is held to.
var ruleTable = Rules{
	Floors: floorTable,
	Names:  []string{"internal", "util", "utils", "common", "types", "core", "manager", "helper", "helpers"},
	Imports: []Restriction{
		{
			Path: "net/http",
			Only: []string{
				"pkg/proxy", "pkg/transport", "pkg/telemetry", "pkg/admin", "pkg/daemon", "pkg/demo",
				"pkg/kube", "pkg/webhook", "pkg/selftest", "pkg/inspect", "cmd",
			},
			Why: "the meaning of a call stays apart from net/http's types",
		},
		{
			Path: "github.com/spf13/viper",
			Only: []string{"cmd"},
			Why:  "viper folds the case of keys and splits them on dots: policies are never read with it",
		},
		{Path: "github.com/spf13/cobra", Only: []string{"cmd", "pkg/command"}, Why: "command lines are the commands' business"},
		{Path: "golang.org/x/net/http2/h2c", Why: "deprecated: use http.Protocols of net/http"},
		{Path: "github.com/sony/gobreaker", Only: []string{"pkg/breaker"}, Why: "pkg/breaker adds the third mark, neutral"},
		{
			Path: "k8s.io/client-go",
			Only: []string{"pkg/source", "pkg/discovery", "pkg/kube", "cmd"},
			Why:  "what reads policies and endpoints, and what writes what became of them, is all that speaks to a cluster",
		},
		{Path: "testing", Why: "what only tests need stays in test files or under test/"},
		{Path: Module + "/test", Why: "what only tests need is not part of the program"},
	},
	Modules: []string{
		"github.com/golangci/", "golang.org/x/vuln", "honnef.co/go/tools", "mvdan.cc/", // tools: test/tools/go.mod
		"github.com/testcontainers/", "sigs.k8s.io/kind", "sigs.k8s.io/controller-runtime", "helm.sh/",
		"github.com/stretchr/testify", "github.com/onsi/", "github.com/failsafe-go/", "github.com/cristalhq/hedgedhttp",
	},
}
