package kube

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"
)

// kubeconfig writes a file with the server as context "test", and one that is
// broken.
func kubeconfig(t *testing.T) string {
	t.Helper()
	config := clientcmdapi.Config{
		CurrentContext: "test",
		Clusters:       map[string]*clientcmdapi.Cluster{"c": {Server: server.Config.Host, CertificateAuthority: server.Config.CAFile}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"u": {Token: server.Config.BearerToken}},
		Contexts: map[string]*clientcmdapi.Context{
			"test":  {Cluster: "c", AuthInfo: "u"},
			"other": {Cluster: "missing", AuthInfo: "u"},
		},
	}
	path := filepath.Join(t.TempDir(), "config")
	must(t, clientcmd.WriteToFile(config, path))
	return path
}

// nowhere takes away what a client could be made of.
func nowhere(t *testing.T) {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
}

func TestClientFindsItsCluster(t *testing.T) {
	nowhere(t)
	path := kubeconfig(t)
	f := func(o ClientOptions) {
		t.Helper()
		c, err := NewClient(o)
		must(t, err)
		defer c.Close()
		if _, err := c.CoreV1().Namespaces().Get(t.Context(), "default", metav1.GetOptions{}); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	f(ClientOptions{Kubeconfig: path, Version: "1.2.3"})
	f(ClientOptions{Kubeconfig: path, Context: "test"})
	t.Setenv("KUBECONFIG", path)
	f(ClientOptions{})
}

func TestClientSaysWhatIsMissing(t *testing.T) {
	nowhere(t)
	path := kubeconfig(t)
	broken := filepath.Join(t.TempDir(), "broken")
	must(t, os.WriteFile(broken, []byte("{"), 0o600))
	f := func(o ClientOptions, want ...string) {
		t.Helper()
		_, err := NewClient(o)
		for _, part := range append(want, "cluster: ") {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%+v: error %v does not say %q", o, err, part)
			}
		}
	}
	f(ClientOptions{}, "run in a pod with a ServiceAccount token, or name a kubeconfig with --kubeconfig or KUBECONFIG")
	f(ClientOptions{Kubeconfig: "/nowhere/config"}, "kubeconfig: ", "/nowhere/config", "no such file")
	f(ClientOptions{Kubeconfig: broken}, "kubeconfig: ", broken)
	f(ClientOptions{Kubeconfig: path, Context: "tset"}, `there is no context "tset": choose one of: other, test`)
	f(ClientOptions{Kubeconfig: path, Context: "other"}, `context "other"`, `cluster "missing" was not found`)
}

func TestClientGoLogsThroughSlog(t *testing.T) {
	var b book
	Log(b.logger())
	defer klog.ClearLogger()
	klog.ErrorS(nil, "what it says", "name", "value")
	klog.V(2).InfoS("a detail")
	if got := b.String(); b.count(`level=ERROR msg="what it says" component=client-go name=value`) != 1 || b.count("detail") != 0 {
		t.Errorf("logged: %s", got)
	}
}
