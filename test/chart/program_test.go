package chart_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	checkout = "../.."
	chart    = checkout + "/charts/hedged"
)

// programTable is where each program is, and the target that builds it.
var programTable = map[string]struct{ folder, target string }{
	"helm":          {"bin/cluster", "kube"},
	"kubectl":       {"bin/cluster", "kube"},
	"helm-unittest": {"bin/chart", "chart-tools"},
	"helm-docs":     {"bin/chart", "chart-tools"},
	"promtool":      {"bin/chart", "chart-tools"},
	"selectors":     {"bin/chart", "chart-tools"},
	"strict":        {"bin/chart", "chart-tools"},
}

// run runs a program with what it reads, and fails the test if the program fails.
func run(t *testing.T, stdin, name string, arguments ...string) string {
	t.Helper()
	out, err := try(t, stdin, name, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// try runs a program. If it fails, the error is what it wrote.
func try(t *testing.T, stdin, name string, arguments ...string) (string, error) {
	t.Helper()
	at := programTable[name]
	path, err := filepath.Abs(filepath.Join(checkout, at.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s/%s is not built: run make %s", at.folder, name, at.target)
	}
	command := exec.CommandContext(t.Context(), path, arguments...)
	// None of them sees what the person who runs the tests has set up.
	command.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}
	command.Stdin = strings.NewReader(stdin)
	var out, words bytes.Buffer
	command.Stdout, command.Stderr = &out, &words
	err = command.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(arguments, " "), err, words.String(), out.String())
	}
	return out.String(), err
}

// kubeconfig is a file by which the administrator reaches the API server. What names
// no namespace goes to the release's.
func kubeconfig(t *testing.T) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: server.Config.Host, CertificateAuthority: server.Config.CAFile}
	config.AuthInfos["test"] = &clientcmdapi.AuthInfo{Token: server.Config.BearerToken}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test", Namespace: namespace}
	config.CurrentContext = "test"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}
