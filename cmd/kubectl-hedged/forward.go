package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"hedged.dev/hedged/pkg/access"
)

// reach makes a client all of whose connections lead to one port of a pod. release
// ends them.
type reach func(config *rest.Config, pod *corev1.Pod, port int32) (client *http.Client, release func(), err error)

// forward reaches a pod's port as kubectl port-forward does, through the API server
// and the kubelet, but without a port on this machine that others could use.
func forward(config *rest.Config, pod *corev1.Pod, port int32) (client *http.Client, release func(), err error) {
	dialer, err := newDialer(config, pod)
	if err != nil {
		return nil, nil, err
	}
	f := &forwarder{dialer: dialer, namespace: pod.Namespace, port: port}
	transport := &http.Transport{DialContext: f.dial, DisableKeepAlives: true}
	return &http.Client{Transport: transport}, f.close, nil
}

// newDialer makes what upgrades a request for pods/portforward: over a WebSocket,
// or SPDY where the API server or a proxy before it knows no other way.
func newDialer(config *rest.Config, pod *corev1.Pod) (httpstream.Dialer, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	url := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	overSPDY := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	overWebSocket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, config)
	if err != nil {
		return nil, err
	}
	return portforward.NewFallbackDialerForStreaming(overWebSocket, overSPDY, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}

// forwarder opens connections to a port of a pod, all in one connection to the API
// server, which the first one makes. mu guards what follows it.
type forwarder struct {
	dialer    httpstream.Dialer
	namespace string
	port      int32

	mu     sync.Mutex
	link   *link // nil: there is none yet
	opened int
}

// link is a connection to the API server that is made, or was.
type link struct {
	made       chan struct{} // closed when what follows is known
	connection httpstream.Connection
	err        error
}

// dial is a transport's DialContext. The upgrade cannot be called off, so that it
// may go on after ctx is done.
func (f *forwarder) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	l, header := f.connect()
	select {
	case <-l.made:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if l.err != nil {
		return nil, access.Refused(refusal(l.err), "create", "pods/portforward", f.namespace)
	}
	return openStreams(l.connection, header)
}

// connect finds or makes the link, and the header of the next connection in it.
func (f *forwarder) connect() (*link, http.Header) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.link == nil || f.link.broken() {
		f.link = &link{made: make(chan struct{})}
		go f.link.make(f.dialer)
	}
	f.opened++
	header := http.Header{}
	header.Set(corev1.PortHeader, strconv.Itoa(int(f.port)))
	header.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(f.opened))
	return f.link, header
}

func (l *link) make(dialer httpstream.Dialer) {
	defer close(l.made)
	var protocol string
	l.connection, protocol, l.err = dialer.Dial(portforward.PortForwardProtocolV1Name)
	if l.err == nil && protocol != portforward.PortForwardProtocolV1Name {
		_ = l.connection.Close()
		l.err = fmt.Errorf("the API server forwards ports by protocol %q, want %q", protocol, portforward.PortForwardProtocolV1Name)
	}
}

// broken reports whether the link was made and is of no use any more.
func (l *link) broken() bool {
	select {
	case <-l.made:
	default:
		return false
	}
	if l.err != nil {
		return true
	}
	select {
	case <-l.connection.CloseChan():
		return true
	default:
		return false
	}
}

// close ends the link, or has it end as soon as it is made.
func (f *forwarder) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.link == nil {
		return
	}
	end := func() {
		if <-f.link.made; f.link.err == nil {
			_ = f.link.connection.Close()
		}
	}
	select {
	case <-f.link.made:
		end()
	default:
		go end()
	}
}

// refusal gives an upgrade that RBAC refused its type back: client-go keeps the
// text alone.
func refusal(err error) error {
	if !strings.Contains(err.Error(), "is forbidden: ") {
		return err
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: err.Error(),
	}}
}
