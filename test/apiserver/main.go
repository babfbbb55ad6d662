package apiserver

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Main runs a package's tests with a server, which it stores before, and fails
// them for a goroutine that they leave. Use it as
//
//	var server *apiserver.Server
//
//	func TestMain(m *testing.M) { os.Exit(apiserver.Main(m, &server)) }
func Main(m *testing.M, server **Server) int {
	s, err := Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL: no API server to test with:", err)
		return 1
	}
	defer s.Stop()
	*server = s
	code := m.Run()
	if code == 0 {
		s.Stop()
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL:", err)
			return 1
		}
	}
	return code
}

// Client makes a client whose connections end with the test.
func Client(tb testing.TB, c *rest.Config) *kubernetes.Clientset {
	tb.Helper()
	// A transport of its own: client-go shares those of equal configurations.
	c = rest.CopyConfig(c)
	c.Proxy = http.ProxyFromEnvironment
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { closeIdle(client) })
	return client
}

func closeIdle(client *kubernetes.Clientset) {
	if c, ok := client.Discovery().RESTClient().(*rest.RESTClient); ok {
		utilnet.CloseIdleConnectionsFor(c.Client.Transport)
	}
}

// Namespace makes a namespace for a test.
func (s *Server) Namespace(tb testing.TB) string {
	tb.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	made, err := Client(tb, s.Config).CoreV1().Namespaces().Create(context.Background(), namespace, metav1.CreateOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return made.Name
}
