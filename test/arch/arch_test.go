package arch

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestArchitecture(t *testing.T) {
	root := filepath.Join("..", "..")
	breaches, err := Check(os.DirFS(root), ruleTable)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range breaches {
		t.Error(b)
	}
}

// TestFloorsMatchFolders fails when a folder under pkg has no floor, also
// before there is a Go file in it, and when the check reads the wrong tree.
func TestFloorsMatchFolders(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join("..", "..", "pkg", "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no folder under pkg: %v", err)
	}
	for _, f := range folders {
		if _, ok := floorTable["pkg/"+filepath.Base(f)]; !ok {
			t.Errorf("%s is not in the table of floors", f)
		}
	}
}

func TestCheck(t *testing.T) {
	const goMod = "module hedged.dev/hedged\n"
	f := func(name string, files map[string]string, want ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			tree := fstest.MapFS{"go.mod": {Data: []byte(goMod)}}
			for file, text := range files {
				tree[file] = &fstest.MapFile{Data: []byte(text)}
			}
			got, err := Check(tree, ruleTable)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("breaches (-want +got):\n%s", diff)
			}
		})
	}

	f("a lower floor is allowed", map[string]string{
		"pkg/proxy/a.go": `package proxy; import "hedged.dev/hedged/pkg/policy"`,
	})
	f("the same floor is not", map[string]string{
		"pkg/policy/a.go": "package policy\n\nimport (\n\t\"time\"\n\t_ \"hedged.dev/hedged/pkg/transport\"\n)\n",
	}, "pkg/policy/a.go:5: pkg/policy (floor 2) imports pkg/transport (floor 2): only lower floors may be imported")
	f("a higher floor is not", map[string]string{
		"pkg/hedge/a.go": `package hedge; import "hedged.dev/hedged/pkg/proxy"`,
	}, "pkg/hedge/a.go:1: pkg/hedge (floor 0) imports pkg/proxy (floor 3): only lower floors may be imported")
	f("a folder below a package counts as the package", map[string]string{
		"pkg/proxy/body/a.go": `package body; import "hedged.dev/hedged/pkg/control"`,
		"pkg/proxy/a.go":      `package proxy; import "hedged.dev/hedged/pkg/proxy/body"`,
	}, "pkg/proxy/body/a.go:1: pkg/proxy (floor 3) imports pkg/control (floor 3): only lower floors may be imported")
	f("commands count by their first two elements", map[string]string{
		"cmd/hedged/a.go": `package main; import ("hedged.dev/hedged/pkg/demo"; "hedged.dev/hedged/cmd/other/x")`,
	}, "cmd/hedged/a.go:1: cmd/hedged (floor 6) imports cmd/other (floor 6): only lower floors may be imported")
	f("a package without a floor", map[string]string{
		"pkg/cache/a.go": `package cache`,
		"tools.go":       `package tools`,
	},
		"pkg/cache/a.go: pkg/cache is not in the table of floors: see docs/ARCHITECTURE.md",
		"tools.go: . is not in the table of floors: see docs/ARCHITECTURE.md")
	f("a name that says nothing", map[string]string{
		"pkg/hedge/internal/a.go": `package internal`,
	}, "pkg/hedge/internal: the name internal says nothing: name the package after what it provides")
	f("restricted imports", map[string]string{
		"pkg/adapt/a.go":     `package adapt; import "net/http/httptrace"`,
		"pkg/policy/a.go":    `package policy; import "github.com/spf13/viper"`,
		"pkg/proxy/a.go":     `package proxy; import "golang.org/x/net/http2/h2c"`,
		"pkg/sim/a.go":       `package sim; import "net/http"`,
		"pkg/transport/a.go": `package transport; import ("net/http"; "hedged.dev/hedged/test/fake")`,
	},
		"pkg/adapt/a.go:1: pkg/adapt imports net/http/httptrace: the meaning of a call stays apart from net/http's types",
		"pkg/policy/a.go:1: pkg/policy imports github.com/spf13/viper: viper folds the case of keys and splits them on dots: policies are never read with it",
		"pkg/proxy/a.go:1: pkg/proxy imports golang.org/x/net/http2/h2c: deprecated: use http.Protocols of net/http",
		"pkg/sim/a.go:1: pkg/sim imports net/http: the meaning of a call stays apart from net/http's types",
		"pkg/transport/a.go:1: pkg/transport imports hedged.dev/hedged/test/fake: what only tests need is not part of the program")
	f("tests, testdata, test/ and other modules are not held to it", map[string]string{
		"bench/go.mod":            "module hedged.dev/hedged/bench",
		"bench/cost/a.go":         `package main; import "net/http"`,
		"pkg/hedge/a_test.go":     `package hedge; import "hedged.dev/hedged/pkg/proxy"`,
		"pkg/hedge/testdata/x.go": `package util; import "net/http"`,
		"test/fake/a.go":          `package fake; import "net/http"`,
	})
	f("a module that stays out of go.mod", map[string]string{
		"go.mod": "module hedged.dev/hedged\n\nrequire golang.org/x/vuln v1.1.4 // indirect\nrequire (\n\thelm.sh/helm/v4 v4.0.0\n)\n",
	},
		"go.mod:3: golang.org/x/vuln stays out of go.mod: give it a module of its own under test/",
		"go.mod:5: helm.sh/helm/v4 stays out of go.mod: give it a module of its own under test/")
}

func TestCheckErrors(t *testing.T) {
	if _, err := Check(fstest.MapFS{}, ruleTable); err == nil {
		t.Error("a tree without go.mod was accepted")
	}
	if _, err := Check(fstest.MapFS{"pkg/hedge/a.go": {Data: []byte("not go")}}, ruleTable); err == nil {
		t.Error("a file that does not parse was accepted")
	}
}
