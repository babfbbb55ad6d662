package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/test/apiserver"
)

var update = flag.Bool("update", false, "write the golden files anew")

var server *apiserver.Server

func TestMain(m *testing.M) { os.Exit(apiserver.Main(m, &server)) }

// plugin runs a command line in a namespace of the real API server. reach stands
// for the port-forward, which needs a kubelet: test/cluster has one.
func plugin(ctx context.Context, t *testing.T, namespace string, reach reach, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	kubeconfig := filepath.Join(t.TempDir(), "config")
	config := clientcmdapi.NewConfig()
	config.Clusters["c"] = &clientcmdapi.Cluster{Server: server.Config.Host, CertificateAuthority: server.Config.CAFile}
	config.AuthInfos["u"] = &clientcmdapi.AuthInfo{Token: server.Config.BearerToken}
	config.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u", Namespace: namespace}
	config.CurrentContext = "x"
	if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
		t.Fatal(err)
	}
	return bare(ctx, "", reach, append(args, "--kubeconfig", kubeconfig)...)
}

// bare runs a command line without a cluster.
func bare(ctx context.Context, stdin string, reach reach, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	std := command.Streams{In: strings.NewReader(stdin), Out: &out, Err: &err}
	code = command.Run(ctx, newRoot(std, reach), append([]string{}, args...))
	return code, out.String(), err.String()
}

// pods are the daemons of a test: what stands for their ports, by name and port.
type pods map[string]map[int32]string

// reach leads to what stands for a pod's port.
func (p pods) reach(_ *rest.Config, pod *corev1.Pod, port int32) (client *http.Client, release func(), err error) {
	address, ok := p[pod.Name][port]
	if !ok {
		return nil, nil, errors.New("pod " + pod.Name + " broke")
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	return &http.Client{Transport: transport}, transport.CloseIdleConnections, nil
}

// run makes a pod that runs, with these ports.
func runPod(t *testing.T, client *kubernetes.Clientset, namespace, name string, ports ...corev1.ContainerPort) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/name": "hedged"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "hedged", Image: "hedged", Ports: ports}}},
	}
	made, err := client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	made.Status.Phase = corev1.PodRunning
	if _, err := client.CoreV1().Pods(namespace).UpdateStatus(t.Context(), made, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// golden compares what was written in a namespace, whose name differs from run to
// run but not in length.
func golden(t *testing.T, file, namespace, got string) {
	t.Helper()
	if namespace != "" {
		got = strings.ReplaceAll(got, namespace, strings.Repeat("n", len(namespace)))
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", file, diff)
	}
}

func TestHelp(t *testing.T) {
	f := func(name string, args ...string) {
		t.Helper()
		code, stdout, stderr := bare(t.Context(), "", nil, args...)
		if code != 0 || stderr != "" {
			t.Errorf("%s: exit code %d, stderr %q", name, code, stderr)
		}
		golden(t, filepath.Join("testdata", "help", name+".txt"), "", stdout)
	}
	f("hedged")
	f("hedged", "--help")
	f("status", "status", "--help")
	f("explain", "explain", "--help")
	f("top", "top", "--help")
	f("validate", "validate", "--help")
}

func TestUsage(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		t.Run(line, func(t *testing.T) {
			code, stdout, stderr := bare(t.Context(), "", nil, strings.Fields(line)...)
			if code != 2 || stdout != "" || stderr != "kubectl hedged: "+want+"\n" {
				t.Errorf("exit code %d, want 2\nstdout %q\nstderr %q\n  want %q", code, stdout, stderr, want)
			}
		})
	}
	f("statsu", "unknown command statsu; did you mean status?")
	f("frobnicate", "unknown command frobnicate; kubectl hedged --help lists the commands")
	f("status --selektor x", "unknown flag --selektor; did you mean --selector?")
	f("status now", `kubectl hedged status takes no argument, and got "now"`)
	f("explain", "kubectl hedged explain needs a policy; kubectl hedged status lists them")
	f("explain a b", `kubectl hedged explain takes one policy, and got "b" as well`)
	f("top --interval 0s", "--interval must be above 0")
	f("validate", "kubectl hedged validate needs -f with a file, a directory or - (the standard input)")
	f("validate policies", "kubectl hedged validate needs -f with a file, a directory or - (the standard input)")
	f("validate -f x policies", `kubectl hedged validate takes no argument, and got "policies"`)
	f("status -o xml", `invalid argument "xml" for "-o, --output" flag: must be text or json or yaml`)
}
