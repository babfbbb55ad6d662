package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"hedged.dev/hedged/pkg/inspect"
	"hedged.dev/hedged/test/apiserver"
)

// kubelet stands for an API server that passes a port-forward on to a kubelet. It
// knows SPDY alone, so that it is asked a second time, as an old one is.
// test/cluster forwards through real ones, over a WebSocket.
func kubelet(t *testing.T, carry func(data, complaint httpstream.Stream)) *rest.Config {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/api/v1/namespaces/shop/pods/hedged-0/portforward" {
			http.Error(w, "no WebSocket here", http.StatusBadRequest)
			return
		}
		if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
			t.Error(err)
			return
		}
		opened := make(chan httpstream.Stream, 16)
		c := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, replySent <-chan struct{}) error {
			opened <- s
			return nil
		})
		if c == nil {
			t.Error("not upgraded")
			return
		}
		defer c.Close()
		for {
			var pair [2]httpstream.Stream
			for i := range pair {
				select {
				case pair[i] = <-opened:
				case <-c.CloseChan():
					return
				}
			}
			complaint, data := pair[0], pair[1]
			if complaint.Headers().Get(corev1.StreamType) != corev1.StreamTypeError || data.Headers().Get(corev1.PortHeader) != "8082" {
				t.Errorf("streams with %v and %v", complaint.Headers(), data.Headers())
			}
			go func() {
				carry(data, complaint)
				_ = complaint.Close()
				_ = data.Close()
			}()
		}
	}))
	t.Cleanup(s.Close)
	return &rest.Config{Host: s.URL}
}

// hedged0 is the pod that is forwarded to.
func hedged0(t *testing.T, config *rest.Config) inspect.Port {
	t.Helper()
	client, release, err := forward(config, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "hedged-0"}}, 8082)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return inspect.Port{URL: "http://127.0.0.1:8082", Name: "pod shop/hedged-0, port 8082", Client: client}
}

// TestForward asks several times over one connection.
func TestForward(t *testing.T) {
	t.Parallel()
	address := pages(t, map[string]any{"/config_dump": inspect.Config{Documents: []inspect.Document{{Policy: strings.Repeat("long ", 1<<16)}}}})
	port := hedged0(t, kubelet(t, func(data, _ httpstream.Stream) {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		go func() { _, _ = io.Copy(c, data) }()
		_, _ = io.Copy(data, c)
	}))
	for range 3 {
		config, err := port.Config(t.Context())
		if err != nil || len(config.Documents) != 1 {
			t.Fatalf("%d documents, %v", len(config.Documents), err)
		}
	}
}

// TestForwardToAPortThatNobodyHas: the kubelet's complaint is the reason.
func TestForwardToAPortThatNobodyHas(t *testing.T) {
	t.Parallel()
	f := func(complain, want string) {
		t.Helper()
		port := hedged0(t, kubelet(t, func(_, complaint httpstream.Stream) { fmt.Fprint(complaint, complain) }))
		_, err := port.Config(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	f("error forwarding port 8082 to pod: dial tcp4 127.0.0.1:8082: connect: connection refused",
		"nobody listens at pod shop/hedged-0, port 8082: a daemon opens its debug port there with hedged serve --admin-listen ADDRESS")
	f("error forwarding port 8082 to pod: no such container", "port-forward: error forwarding port 8082 to pod: no such container")
	f("", "port-forward: the connection ended without an answer")
}

// TestForwardThatHangs does not outlast the question.
func TestForwardThatHangs(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}, 2), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(release) })
	port := hedged0(t, &rest.Config{Host: s.URL})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-asked
		cancel(errSilent)
	}()
	_, err := port.Config(ctx)
	if want := "pod shop/hedged-0, port 8082: no answer within 10s"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestForwardFromARealAPIServer has no node to go to: what RBAC and the API server
// say is told.
func TestForwardFromARealAPIServer(t *testing.T) {
	t.Parallel()
	namespace := server.Namespace(t)
	client := apiserver.Client(t, server.Config)
	runPod(t, client, namespace, "hedged-0")
	pod, err := client.CoreV1().Pods(namespace).Get(t.Context(), "hedged-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f := func(config *rest.Config, want string) {
		t.Helper()
		client, release, err := forward(config, pod, 8082)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		_, err = inspect.Port{URL: "http://127.0.0.1:8082", Name: "hedged-0", Client: client}.Config(t.Context())
		if err == nil || err.Error() != "hedged-0: "+want {
			t.Errorf("error\n%v\nwant\n%s", err, "hedged-0: "+want)
		}
	}
	f(server.As("somebody"), `user "somebody" may not create pods/portforward in namespace `+namespace+`: allow it in a Role of namespace `+
		namespace+` with apiGroups [""], resources ["pods/portforward"], verbs ["create"]`)
	f(server.Config, "create pods/portforward in namespace "+namespace+": unable to upgrade connection: pod hedged-0 does not have a host assigned")
}
