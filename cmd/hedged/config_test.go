package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// flagsFor parses a command line of serve, with a file if text is not empty.
func flagsFor(t *testing.T, text string, args ...string) (*pflag.FlagSet, *serveOptions) {
	t.Helper()
	var o serveOptions
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	serveFlags(flags, &o)
	if text != "" {
		file := filepath.Join(t.TempDir(), "hedged.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", file)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags, &o
}

// TestPrecedence: the command line wins over the variable, the variable over
// the file, the file over the default.
func TestPrecedence(t *testing.T) {
	f := func(name, file, env string, args []string, want time.Duration) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Setenv("HEDGED_LAME_DUCK", env)
			flags, o := flagsFor(t, file, args...)
			warnings, err := configure(flags, nil)
			if err != nil || warnings != nil {
				t.Fatalf("configure: %v, warnings %v", err, warnings)
			}
			if o.LameDuck != want {
				t.Errorf("lame duck %v, want %v", o.LameDuck, want)
			}
		})
	}

	f("default", "", "", nil, 5*time.Second)
	f("file", "lame-duck: 7s", "", nil, 7*time.Second)
	f("variable", "lame-duck: 7s", "8s", nil, 8*time.Second)
	f("flag", "lame-duck: 7s", "8s", []string{"--lame-duck", "9s"}, 9*time.Second)
	f("flag with the default's value", "lame-duck: 7s", "8s", []string{"--lame-duck", "5s"}, 5*time.Second)
	f("zero in a file", "lame-duck: 0s", "", nil, 0)
}

// TestEverySetting sets each flag in a file, and sees that nothing is left as
// it was.
func TestEverySetting(t *testing.T) {
	flags, o := flagsFor(t, `
policies: /etc/hedged
namespace: shop
configmaps: true
configmap-namespaces: [shop, search]
cluster-domain: cluster.example
kubeconfig: admin.kubeconfig
kube-context: staging
release: hedged-shop
pod: hedged-0
zone: a
webhook: true
webhook-listen: ":83"
webhook-cert: tls.crt
webhook-key: tls.key
listen: ":80"
health-listen: ":81"
admin-listen: ":82"
deadline-header: x-deadline
max-header-bytes: 4096
max-body-bytes: 1048576
read-header-timeout: 1s
idle-timeout: 2s
lame-duck: 3s
drain-timeout: 4s
log-level: debug
log-format: text
trace-sample-ratio: 0.25
attempt-log: attempts.jsonl
deployment: hedged
`)
	if _, err := configure(flags, nil); err != nil {
		t.Fatal(err)
	}
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Value.String() == f.DefValue {
			t.Errorf("%s is still %q", f.Name, f.DefValue)
		}
	})
	if o.MaxHeaderBytes != 4096 || *o.Telemetry.SampleRatio != 0.25 || o.Policies != "/etc/hedged" ||
		!slices.Equal(o.configMapNamespaces, []string{"shop", "search"}) {
		t.Errorf("options: %+v", o)
	}
}

func TestConfigFromVariable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte("namespace: shop"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HEDGED_CONFIG", file)
	flags, o := flagsFor(t, "")
	if _, err := configure(flags, nil); err != nil || o.Namespace != "shop" {
		t.Errorf("namespace %q, error %v", o.Namespace, err)
	}
}

func TestConfigErrors(t *testing.T) {
	f := func(name, file, env, want string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Setenv("HEDGED_LAME_DUCK", env)
			t.Chdir(t.TempDir())
			if file != "" {
				if err := os.WriteFile("c.yaml", []byte(file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			code, _, stderr := hedged(t.Context(), "", "serve", "--policies", "p", "--config", "c.yaml")
			if code != 2 || !strings.HasPrefix(stderr, "hedged: "+want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit code %d, stderr\n%swant\n%s", code, stderr, want)
			}
		})
	}

	f("unknown key", "lame-duk: 5s", "", "c.yaml: unknown key lame-duk; did you mean lame-duck?")
	f("unknown key, no guess", "frobnicate: 1", "", "c.yaml: unknown key frobnicate; the keys are policies, configmaps, configmap-namespaces, namespace, cluster-domain, "+
		"kubeconfig, kube-context, release, pod, deployment, zone, webhook, webhook-listen, webhook-cert, webhook-key, listen, health-listen, admin-listen, deadline-header, max-header-bytes, max-body-bytes, read-header-timeout, idle-timeout, "+
		"lame-duck, drain-timeout, log-level, log-format, trace-sample-ratio, attempt-log")
	f("nested key", "idle:\n  timeout: 5s", "", "c.yaml: unknown key idle.timeout; did you mean idle-timeout?")
	f("the file in the file", "config: x", "", "c.yaml: unknown key config; ")
	f("a bad value", "lame-duck: soon", "", `c.yaml: lame-duck: invalid value "soon": must be a duration like "30s" or "5m"`)
	f("a number for a duration", "lame-duck: 5", "", `c.yaml: lame-duck: invalid value "5": must be a duration like "30s" or "5m"`)
	f("a list", "lame-duck: [5s]", "", "c.yaml: lame-duck: want one value, got [5s]")
	f("a bad variable", "listen: :80", "soon", `HEDGED_LAME_DUCK: lame-duck: invalid value "soon": must be a duration like "30s" or "5m"`)
	f("no such file", "", "", "c.yaml: open c.yaml: no such file or directory")
	f("no mapping", "- a", "", "c.yaml: yaml: ")
}

// TestUnknownVariables: a variable of another program may begin like ours, so
// it is a warning, and none if Kubernetes made it of a Service's name.
func TestUnknownVariables(t *testing.T) {
	names := []string{"policies", "lame-duck"}
	f := func(variable string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, unknownVariables([]string{variable + "=1", "PATH=/bin"}, names)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", variable, diff)
		}
	}

	f("HEDGED_POLICIES")
	f("HEDGED_LAME_DUCK")
	f("HEDGED_CONFIG")
	f("HEDGED_POLICES", "HEDGED_POLICES is not a setting and has no effect; did you mean HEDGED_POLICIES?")
	f("HEDGED_X", "HEDGED_X is not a setting and has no effect")
	f("HEDGED_SERVICE_HOST")
	f("HEDGED_SERVICE_PORT_HTTP")
	f("HEDGED_PORT")
	f("HEDGED_PORT_8080_TCP_ADDR")
	f("HEDGED_ADMIN_SERVICE_HOST")
	f("HEDGED_ADMIN_PORT_8082_TCP")
	f("NOT_HEDGED_X")
}
