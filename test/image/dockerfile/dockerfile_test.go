package dockerfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConfig(t *testing.T) {
	f := func(name, stage string, args map[string]string, want v1.Config) {
		t.Helper()
		got, err := Config(stage, args)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	f("stages before the last do not count", "FROM golang AS build\nUSER root\nONBUILD RUN x\nFROM scratch\nCOPY --from=build /a /\n", nil, v1.Config{})
	f("everything", `
FROM scratch AS final
# a comment
ARG A=1 B
LABEL one="x $A y" \
      # another
      two='$A' \

      three=${B}-$A
ENV PATH=/ HOME="/tmp"
USER 65532:65532
WORKDIR /
EXPOSE 8080 53/udp
ENTRYPOINT ["/hedged"]
cmd ["serve", "--x"]`, map[string]string{"B": "b"}, v1.Config{
		User: "65532:65532", WorkingDir: "/", Entrypoint: []string{"/hedged"}, Cmd: []string{"serve", "--x"},
		Env: []string{"PATH=/", "HOME=/tmp"}, ExposedPorts: map[string]struct{}{"8080/tcp": {}, "53/udp": {}},
		Labels: map[string]string{"one": "x 1 y", "two": "$A", "three": "b-1"},
	})
	f("what is given wins over the default", "FROM scratch\nARG A=1\nARG B=$A\nUSER $B", map[string]string{"A": "2"}, v1.Config{User: "2"})
	f("an empty value is a value", "FROM scratch\nARG A=1\nLABEL a=$A", map[string]string{"A": ""}, v1.Config{Labels: map[string]string{"a": ""}})
}

func TestFaults(t *testing.T) {
	f := func(text, want string, args ...string) {
		t.Helper()
		given := map[string]string{}
		for _, a := range args {
			given[a] = "x"
		}
		if _, err := Config(text, given); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
	const only = "this instruction is not understood here: without an engine only ARG, CMD, COPY, ENTRYPOINT, ENV, EXPOSE, LABEL, USER and WORKDIR are"
	f("", "the Dockerfile has no FROM")
	f("FROM", "line 1: the last stage must be FROM scratch: nothing else is to be had without an engine")
	f("FROM scratch\nFROM alpine", "line 2: the last stage must be FROM scratch: nothing else is to be had without an engine")
	f("FROM scratch\n\nRUN x", "line 3: RUN: "+only)
	f("FROM scratch\nCMD serve", `line 2: CMD: a list like ["/program", "argument"] is expected: there is no shell that would take "serve" apart`)
	f("FROM scratch\nENTRYPOINT []", `line 2: ENTRYPOINT: a list like ["/program", "argument"] is expected: there is no shell that would take "[]" apart`)
	f("FROM scratch\nUSER a b", "line 2: USER: one word is expected, not 2")
	f("FROM scratch\nLABEL a", `line 2: LABEL: "a" is not KEY=VALUE`)
	f("FROM scratch\nENV a b", `line 2: ENV: "a" is not KEY=VALUE`)
	f("FROM scratch\nLABEL a=$A", "line 2: LABEL: there is no ARG for $A")
	f("FROM scratch\nARG A\nLABEL a=${A:-b}", "line 3: LABEL: there is no ARG for ${A:-b}")
	f("FROM scratch\nLABEL a=\"b", "line 2: LABEL: the quote \" has no end")
	f(`FROM scratch
LABEL a="\"b"`, "line 2: LABEL: a backslash is not understood here: put the words in single quotes")
	f("FROM scratch\nARG A", "the last stage has no ARG B", "B")
}

// TestDockerfile reads the Dockerfile of the daemon.
func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := Config(string(text), map[string]string{"VERSION": "v1.2.3", "COMMIT": "abc", "DATE": "2026-11-23T05:18:27Z"})
	if err != nil {
		t.Fatal(err)
	}
	const key = "org.opencontainers.image."
	want := v1.Config{
		User: "65532:65532", WorkingDir: "/", Env: []string{"PATH=/"}, Entrypoint: []string{"/hedged"}, Cmd: []string{"serve"},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}, "8081/tcp": {}, "8443/tcp": {}},
		Labels: map[string]string{
			key + "title": "hedged", key + "vendor": "The hedged authors", key + "licenses": "Apache-2.0",
			key + "description": "A daemon that runs hedged HTTP and gRPC calls by policy",
			key + "url":         "https://hedged.dev", key + "source": "https://github.com/hedged/hedged",
			key + "documentation": "https://github.com/hedged/hedged/tree/main/docs", key + "base.name": "scratch",
			key + "version": "v1.2.3", key + "revision": "abc", key + "created": "2026-11-23T05:18:27Z",
		},
	}
	if diff := cmp.Diff(want, config); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzConfig: whatever is read, there is a config or an error, and what a stage
// says does not depend on the stages before it.
func FuzzConfig(f *testing.F) {
	f.Add("FROM scratch\nARG A=1\nLABEL a=\"$A\" b='${A}' \\\n # c\n d=e\nENTRYPOINT [\"/x\"]")
	f.Add("FROM scratch\nUSER a\\\n$")
	f.Fuzz(func(t *testing.T, text string) {
		config, err := Config(text, nil)
		if err != nil || strings.HasPrefix(strings.TrimSpace(text), "#") {
			return
		}
		after, err := Config("FROM golang AS build\nRUN a \\\n  b\n"+text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(config, after); diff != "" {
			t.Error(diff)
		}
	})
}
